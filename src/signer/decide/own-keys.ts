import { isCountersignError } from '../../errors.js';
import { type Key, keyidOf, type Root } from '../../tuf/index.js';
import type { SignerState } from '../journal/index.js';
import type { KeyRole, TokenKey } from '../token-types.js';

/** A key of this signer: one that a token has now, or one that the journal remembers, or both. */
export interface OwnKey {
  /** As this signer names it; a root may use another keyid for the same key. */
  readonly keyid: string;
  readonly role: KeyRole;
  /** As it stands in the key's label (`factoryInLabel`). */
  readonly factory: string;
  /** What the tokens say of it now; empty while none has it, and never more than one if all is well. */
  readonly inTokens: readonly TokenKey[];
  /** Label of the token in which it was first seen. */
  readonly tokenLabel: string;
}

/**
 * The keys that this signer answers for. What the journal wrote about a key when it first saw it holds for ever: who can
 * relabel objects in the token cannot move a key to another role or Factory.
 */
export function ownKeys(state: SignerState, inTokens: readonly TokenKey[]): ReadonlyMap<string, OwnKey> {
  const keys = new Map<string, OwnKey>();
  const add = ({ keyid, role, factory, token }: Pick<TokenKey, 'keyid' | 'role' | 'factory' | 'token'>): void => {
    const held = inTokens.filter((key) => key.keyid === keyid);
    keys.set(keyid, { keyid, role, factory, inTokens: held, tokenLabel: token.label });
  };
  inTokens.forEach(add);
  for (const key of state.keys.values()) add(key);
  return keys;
}

/**
 * Whether a root's key is one of ours, judged by its public value: keyids are opaque.
 */
export function findOwnKey(own: ReadonlyMap<string, OwnKey>, root: Pick<Root, 'keys'>, keyid: string): OwnKey | null {
  const key = Object.hasOwn(root.keys, keyid) ? root.keys[keyid] : undefined;
  return (key === undefined ? undefined : own.get(nameByValue(key))) ?? null;
}

/** The keyid that this signer would give a root's key; empty for one that no device accepts. */
export function nameByValue(key: Key): string {
  try {
    return keyidOf(key);
  } catch (error) {
    // a root may hold keys of others that no device accepts; none of ours is such
    if (isCountersignError(error, 'KEY_INVALID')) return '';
    throw error;
  }
}
