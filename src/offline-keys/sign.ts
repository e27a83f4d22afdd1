import { constants, sign as signWith } from 'node:crypto';
import { algorithmOf, verifySignature, type Signature } from '../tuf/index.js';
import type { OfflineKey } from './private-key.js';

/**
 * Signs with a key outside of all tokens, and verifies what came of it.
 *
 * @param keyid as the root has it that the signature is for
 * @param bytes canonical bytes of a document
 * @throws SIGNATURE_INVALID the key is broken
 */
export function signOffline({ key, privateKey }: OfflineKey, keyid: string, bytes: Uint8Array): Signature {
  const { method, hash, saltLength } = algorithmOf(key);
  const pss = saltLength === null ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  const sig = signWith(hash, bytes, { key: privateKey, ...pss }).toString('base64');
  const signature = { keyid, method, sig };
  verifySignature(key, signature, bytes);
  return signature;
}
