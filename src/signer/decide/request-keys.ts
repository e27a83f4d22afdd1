import { CountersignError } from '../../errors.js';
import { REPOSITORIES } from '../../factory/index.js';
import { encodeCanonical, type Key, keyidOf, type Root } from '../../tuf/index.js';
import type { JournalBodyOf, SignerState } from '../journal/index.js';
import type { RequestKeys } from '../protocol.js';
import type { TokenKey } from '../token-types.js';
import { nameByValue, ownKeys } from './own-keys.js';

/**
 * Entries for request keys that the journal does not know yet. A key that counts somewhere is none: it would never get into
 * a root again.
 *
 * @param canaries keyids of the tokens' canary keys
 * @throws FACTORY_NOT_IN_POLICY, KEY_INVALID, REQUEST_KEY_REFUSED
 */
export function newRequestKeys(
  { factory, keys }: RequestKeys,
  state: SignerState,
  inTokens: readonly TokenKey[],
  canaries: ReadonlySet<string>,
): JournalBodyOf<'request-key'>[] {
  if (!state.firstRoots.has(factory)) {
    throw new CountersignError('FACTORY_NOT_IN_POLICY', `this signer knows no Factory ${factory}`, {
      pointer: '/factory',
      details: { factory },
    });
  }
  const fresh = new Map<string, JournalBodyOf<'request-key'>>();
  for (const [index, key] of keys.entries()) {
    const keyid = keyidOf(key);
    if (state.requestKeys.has(keyid)) continue;
    if (canaries.has(keyid) || ownKeys(state, inTokens).has(keyid)) throw refused('a key of a token', keyid, index);
    if (isInRoot(keyid, state)) throw refused('a key of a root', keyid, index);
    fresh.set(keyid, { type: 'request-key', factory, keyid, public: textOf(key) });
  }
  return [...fresh.values()];
}

/**
 * A request key only ever says who asks: its private part lies in a file, and fioctl may have put it into a root by itself.
 * Compared by public value, since a root may name the key as it likes.
 *
 * @throws REQUEST_KEY_IN_ROOT
 */
export function requireNoRequestKey(root: Root, { requestKeys }: Pick<SignerState, 'requestKeys'>): void {
  for (const [keyid, key] of Object.entries(root.keys)) {
    if (!requestKeys.has(nameByValue(key))) continue;
    throw new CountersignError('REQUEST_KEY_IN_ROOT', `root version ${root.version} names the request key ${keyid}`, {
      hint: 'find out who put it there; a root without it has to be signed before anything else is',
      details: { keyid, version: root.version },
    });
  }
}

function isInRoot(keyid: string, state: SignerState): boolean {
  return [...state.firstRoots.keys()].some((factory) =>
    REPOSITORIES.some((repository) =>
      state
        .rootsOf(factory, repository)
        .some(({ signed }) => Object.values(signed.keys).some((key) => nameByValue(key) === keyid)),
    ),
  );
}

function textOf({ keytype, keyval }: Key): string {
  return encodeCanonical({ keytype, keyval: { public: keyval.public } }).toString('utf8');
}

function refused(what: string, keyid: string, index: number): CountersignError {
  return new CountersignError('REQUEST_KEY_REFUSED', `the key ${keyid} is ${what}, and cannot be a request key`, {
    pointer: `/keys/${index}`,
    hint: 'make new keys: countersign request-key create',
    details: { keyid },
  });
}
