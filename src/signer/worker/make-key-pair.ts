import { randomBytes, randomInt } from 'node:crypto';
import { CountersignError } from '../../errors.js';
import { canaryText, requireFreshSecrecy } from '../key-rules/index.js';
import { generateKeyPair, type KeyPair, type KeyPairs } from '../pkcs11/index.js';
import type { KeyType } from '../token-types.js';
import type { OpenToken } from './open-token.js';

/**
 * Makes a key pair in the token and keeps it only if it is as secret as it should be, has signed something, and is found again as what
 * it was made for.
 *
 * @param describe null if the token did not keep the label
 * @throws TOKEN_MECHANISM_MISSING, KEY_ATTRIBUTES, SIGNATURE_WRONG, TOKEN_FAILED
 */
export function makeKeyPair<K>(
  token: OpenToken,
  type: KeyType,
  ckaLabel: string,
  describe: (pair: KeyPair) => K | null,
): K {
  const made = generateKeyPair(token.session, { type, ckaId: freeCkaId(token.found), ckaLabel });
  try {
    requireFreshSecrecy(ckaLabel, made.pair.attributes);
    token.signPair(made.pair, canaryText(new Date(), randomBytes(16)));
    const key = describe(made.pair);
    if (key === null) throw new CountersignError('TOKEN_FAILED', 'the token did not keep the label of the new key');
    return key;
  } catch (error) {
    made.destroy();
    throw error;
  } finally {
    token.refresh();
  }
}

/** Two random bytes: all that a YubiHSM has for CKA_ID; it keeps 0000 and ffff for itself. */
function freeCkaId({ ckaIds }: KeyPairs): Buffer {
  for (;;) {
    const ckaId = Buffer.alloc(2);
    ckaId.writeUInt16BE(randomInt(0x0001, 0xffff));
    if (!ckaIds.has(ckaId.toString('hex'))) return ckaId;
  }
}
