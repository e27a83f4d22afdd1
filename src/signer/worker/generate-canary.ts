import { CountersignError } from '../../errors.js';
import { CANARY_LABEL } from '../key-rules/index.js';
import type { CanaryKey, KeyType } from '../token-types.js';
import { makeKeyPair } from './make-key-pair.js';
import type { OpenToken } from './open-token.js';

/**
 * Makes the token's canary key; it has one at most.
 *
 * @throws KEY_EXISTS, and the codes of `makeKeyPair`
 */
export function generateCanary(token: OpenToken, type: KeyType): CanaryKey {
  const before = token.canary();
  if (before !== null) {
    throw new CountersignError('KEY_EXISTS', 'the token has its canary key already', {
      details: { keyid: before.keyid },
    });
  }
  return makeKeyPair(token, type, CANARY_LABEL, ({ ckaLabel, keyid, key }) =>
    ckaLabel === CANARY_LABEL ? { keyid, key } : null,
  );
}
