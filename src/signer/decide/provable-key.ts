import { CountersignError } from '../../errors.js';
import type { SignerState } from '../journal/index.js';
import { factoryInLabel, requireSecrecy } from '../key-rules/index.js';
import type { TokenKey } from '../token-types.js';
import { ownKeys } from './own-keys.js';

export interface ProofQuestion {
  readonly factory: string;
  /** As this signer names the key. */
  readonly keyid: string;
}

/**
 * The key that is asked to prove itself: in a token now, with the role and the Factory that the journal has of it. Its role is the
 * journal's and not the caller's, so no proof is ever made for another one.
 *
 * @param canaries keyids of the tokens' canary keys
 * @throws FACTORY_NOT_IN_POLICY, KEY_ROLE_MISMATCH, KEY_NOT_FOUND, TOKEN_UNAVAILABLE, KEY_AMBIGUOUS, KEY_ATTRIBUTES
 */
export function provableKey(
  { factory, keyid }: ProofQuestion,
  state: SignerState,
  inTokens: readonly TokenKey[],
  canaries: ReadonlySet<string>,
): TokenKey {
  if (!state.firstRoots.has(factory)) {
    throw new CountersignError('FACTORY_NOT_IN_POLICY', `this signer knows no Factory ${factory}`, {
      pointer: '/factory',
      details: { factory },
    });
  }
  if (canaries.has(keyid)) throw mismatch('a canary key proves nothing about a key', { keyid });
  const known = ownKeys(state, inTokens).get(keyid);
  if (known === undefined) {
    throw new CountersignError('KEY_NOT_FOUND', `no token of this signer has the key ${keyid}`, {
      pointer: '/keyid',
      hint: 'countersign key list shows what the tokens hold',
      details: { keyid },
    });
  }
  const [key, another] = known.inTokens;
  if (key === undefined) {
    const token = state.keys.get(keyid)?.token.label ?? '';
    throw new CountersignError('TOKEN_UNAVAILABLE', `the token ${token} with the key ${keyid} is not there`, {
      hint: 'attach it, then countersign signer unlock',
      details: { keyid, token },
    });
  }
  if (another !== undefined) {
    throw new CountersignError('KEY_AMBIGUOUS', `the key ${keyid} is in two tokens`, {
      details: { keyid, tokens: [key.token.label, another.token.label] },
    });
  }
  if (known.factory !== factoryInLabel(factory)) {
    throw mismatch(`the key ${keyid} was made for ${known.factory}`, { keyid, factory: known.factory });
  }
  if (key.role !== known.role || key.factory !== known.factory) {
    throw mismatch(`the key ${keyid} was relabelled in its token`, { keyid, role: key.role, factory: key.factory });
  }
  requireSecrecy(key.ckaLabel, key.attributes);
  return key;
}

function mismatch(message: string, details: Record<string, string>): CountersignError {
  return new CountersignError('KEY_ROLE_MISMATCH', message, {
    hint: 'a key has one role in one Factory for as long as it lives',
    details,
  });
}
