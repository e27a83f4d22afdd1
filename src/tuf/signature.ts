import { CountersignError } from '../errors.js';
import { algorithmOf } from './algorithm.js';
import { decodeBase64 } from './base64.js';
import { publicKeyObject } from './key.js';
import type { Key, Signature } from './metadata.js';

/**
 * Verifies one signature.
 *
 * @param payload the bytes that were signed: a document's canonical `signed`
 * @throws KEY_INVALID, SIGNATURE_INVALID (another method than the key's, not base64, or not made by this key over
 *   these bytes)
 */
export function verifySignature(key: Key, signature: Signature, payload: Uint8Array): void {
  const algorithm = algorithmOf(key);
  const publicKey = publicKeyObject(key);
  if (signature.method !== algorithm.method) {
    throw signatureInvalid(signature, `method ${signature.method} with a key of type ${algorithm.keytype}`);
  }
  const bytes = decodeBase64(signature.sig);
  if (bytes === undefined) throw signatureInvalid(signature, 'sig is not standard base64');
  if (!algorithm.verify(publicKey, payload, bytes)) {
    throw signatureInvalid(signature, 'it was not made by this key over these bytes');
  }
}

function signatureInvalid(signature: Signature, reason: string): CountersignError {
  return new CountersignError('SIGNATURE_INVALID', `the signature of key ${signature.keyid} does not hold: ${reason}`, {
    details: { keyid: signature.keyid },
  });
}
