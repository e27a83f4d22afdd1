import type { VerifiedDossier } from '../../dossier/index.js';
import { encodeCanonical, keyidOf } from '../../tuf/index.js';
import { signingRoot } from '../decide/index.js';
import type { JournalBodyOf, SignerState } from '../journal/index.js';
import type { TokenKey } from '../token-types.js';

/** Entries for the keys that the journal has not seen yet. */
export function newKeys(
  state: Pick<SignerState, 'keys'> | null,
  inTokens: readonly TokenKey[],
): JournalBodyOf<'key'>[] {
  const fresh = new Map<string, JournalBodyOf<'key'>>();
  for (const { keyid, keytype, role, factory, token, key } of inTokens) {
    if (state?.keys.has(keyid) === true || fresh.has(keyid)) continue;
    const { label, serial } = token;
    const text = encodeCanonical(key).toString('utf8');
    fresh.set(keyid, { type: 'key', keyid, keytype, role, factory, token: { label, serial }, public: text });
  }
  return [...fresh.values()];
}

/**
 * Tells whether the tokens' keys, as far as they were read, are enough to decide on a dossier: all of its keys that the journal knows, or any one
 * if it knows none of them.
 */
export function wantedKeys(dossier: VerifiedDossier, state: SignerState): (keys: readonly TokenKey[]) => boolean {
  const wanted = new Set<string>();
  for (const { entry } of dossier.documents) {
    const { keys } = signingRoot(dossier, entry);
    for (const keyid of entry.sign) {
      const key = keys[keyid];
      if (key !== undefined) wanted.add(keyidOf(key));
    }
  }
  const ours = [...wanted].filter((keyid) => state.keys.has(keyid));
  return (keys) => {
    const has = (keyid: string): boolean => keys.some((key) => key.keyid === keyid);
    return ours.length > 0 ? ours.every(has) : [...wanted].some(has);
  };
}
