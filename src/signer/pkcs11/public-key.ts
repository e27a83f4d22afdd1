import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { isCountersignError } from '../../errors.js';
import { keyFromSpkiDer, type Key } from '../../tuf/index.js';

/**
 * The TUF key for an RSA public key as a token holds it: unsigned big-endian CKA_MODULUS and CKA_PUBLIC_EXPONENT.
 * Null for a size that devices do not accept.
 */
export function rsaKey(modulus: Buffer, publicExponent: Buffer): Key | null {
  return fromJwk({ kty: 'RSA', n: unsigned(modulus), e: unsigned(publicExponent) });
}

/**
 * The TUF key for an Edwards curve point as CKA_EC_POINT: a DER OCTET STRING of 32 bytes, or (as PKCS#11 3.0 would
 * have it) the bare 32 bytes. Null for anything else, e.g. Ed448.
 */
export function ed25519Key(point: Buffer): Key | null {
  const wrapped = point.length === 34 && point[0] === 0x04 && point[1] === 0x20;
  const raw = wrapped ? point.subarray(2) : point;
  if (raw.length !== 32) return null;
  return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') });
}

function fromJwk(jwk: JsonWebKey): Key | null {
  try {
    return keyFromSpkiDer(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }));
  } catch (error) {
    if (isCountersignError(error, 'KEY_INVALID')) return null;
    throw error;
  }
}

function unsigned(integer: Buffer): string {
  let start = 0;
  while (start < integer.length - 1 && integer[start] === 0) start += 1;
  return integer.subarray(start).toString('base64url');
}
