import { z } from 'zod';
import type { RequestKey, SignerKey } from '../../signing/index.js';
import { keyidOf, parseRoot, type Key, type Root } from '../../tuf/index.js';
import type { Identity } from '../identify.js';

/** A root as one caller is shown it. */
export interface RootView {
  /** `{signatures, signed}` as JSON, members in the order that they were served in. */
  readonly text: string;
  /** Keyids of offline keys, each with the caller's request key that is shown under it. */
  readonly shownAs: ReadonlyMap<string, RequestKey>;
  /** The keys as they really are, by keyid. */
  readonly rootKeys: Readonly<Record<string, Key>>;
}

const membersSchema = z.record(z.string(), z.unknown());
const ROLES = ['root', 'targets'] as const;

/**
 * Puts the caller's request key in the place of the offline key that would sign: the keyid stays, keytype and value are the request key's.
 * fioctl looks for its own key by value and signs under the keyid that it is shown. A second key beside the real one would leave that in
 * the root after a rotation, and under another keyid a rotation would find nothing to sign again.
 *
 * A view is no root: it has no signatures, and no device would take it. Who has no request key is shown the root as it is.
 *
 * @param text the root as served
 * @param tokenKeys those that the signer has; a key of a role in force that is one of them is shown as the request key of its keytype,
 *   one in each role, the one whose token is there first
 * @throws METADATA_INVALID and the other codes of `parseRoot`
 */
export function viewRoot(text: string, { requestKeys, factory }: Identity, tokenKeys: readonly SignerKey[]): RootView {
  const { signed } = parseRoot(Buffer.from(text));
  const shownAs = new Map<string, RequestKey>();
  for (const role of ROLES) {
    const held = tokenKeys.filter((key) => key.role === role && (key.factory ?? factory) === factory);
    const keyid = findHeld(signed, role, held);
    const keytype = keyid === null ? undefined : signed.keys[keyid]?.keytype;
    const shown = requestKeys.find((key) => key.role === role && key.key.keytype === keytype);
    if (keyid !== null && shown !== undefined) shownAs.set(keyid, shown);
  }
  return { text: shownAs.size === 0 ? text : substitute(text, shownAs), shownAs, rootKeys: signed.keys };
}

/** The keyid of the role's key that signs: the first in the role whose token is there, or else the first of all. */
function findHeld(root: Root, role: string, held: readonly SignerKey[]): string | null {
  const states = new Map(held.map((key) => [keyidOf(key.public), key.state]));
  const stateOf = (keyid: string) => {
    const key = root.keys[keyid];
    return key === undefined ? undefined : states.get(keyidOf(key));
  };
  const ours = (root.roles[role]?.keyids ?? []).filter((keyid) => stateOf(keyid) !== undefined);
  return ours.find((keyid) => stateOf(keyid) === 'active') ?? ours[0] ?? null;
}

/** Parsed anew for the order of its members; `parseRoot` has found that nothing gets lost by that. */
function substitute(text: string, shownAs: ReadonlyMap<string, RequestKey>): string {
  const served = membersSchema.parse(JSON.parse(text));
  const signed = membersSchema.parse(served['signed']);
  const shown = [...shownAs].map(([keyid, { key }]): [string, unknown] => [
    keyid,
    { keytype: key.keytype, keyval: { public: key.keyval.public } },
  ]);
  const keys = { ...membersSchema.parse(signed['keys']), ...membersSchema.parse(Object.fromEntries(shown)) };
  return JSON.stringify({ ...served, signatures: [], signed: { ...signed, keys } });
}
