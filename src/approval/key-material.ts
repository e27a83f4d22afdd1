import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Primitive } from './key-algorithms.js';
import type { WireReader } from './wire-reader.js';

const ED25519_KEY_BYTES = 32;
const RSA_MIN_BITS = 2048;
/** OpenSSH's own limit; a larger modulus would only buy the sender our time. */
const RSA_MAX_BITS = 16_384;
/** OpenSSL refuses larger exponents once the modulus exceeds 3072 bits. */
const RSA_MAX_EXPONENT_BYTES = 8;

/**
 * Reads the public numbers that follow the algorithm's name in a key blob and hands them to
 * `node:crypto`, which checks that a point lies on its curve.
 *
 * Layouts: RFC 8709 section 4 (Ed25519), RFC 5656 section 3.1 (ECDSA), RFC 4253 section 6.6 (RSA).
 *
 * @throws the reader's code
 */
export function readKeyMaterial(reader: WireReader, primitive: Primitive): KeyObject {
  switch (primitive.kind) {
    case 'ed25519':
      return importJwk(reader, { kty: 'OKP', crv: 'Ed25519', x: readEd25519(reader).toString('base64url') });
    case 'ecdsa':
      return importJwk(reader, readEcdsa(reader, primitive));
    case 'rsa':
      return importJwk(reader, readRsa(reader));
  }
}

function readEd25519(reader: WireReader): Buffer {
  const key = reader.string('key');
  if (key.length !== ED25519_KEY_BYTES) reader.fail(`has an Ed25519 key of ${key.length} instead of 32 bytes`);
  if (isSmallOrder(key)) reader.fail('has an Ed25519 key of small order, for which anyone can sign');
  return key;
}

/**
 * The y coordinates, little endian, of the eight points whose order divides the cofactor, with the two
 * encodings that are y mod p again (p and p+1). Under such a key a signature needs no secret: RFC 8032 leaves
 * the check to the application, and neither OpenSSL nor OpenSSH makes it.
 */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

function isSmallOrder(key: Buffer): boolean {
  const y = Buffer.from(key);
  const last = y.length - 1;
  y.writeUInt8(y.readUInt8(last) & 0x7f, last); // the top bit is the sign of x
  return SMALL_ORDER_Y.has(y.toString('hex'));
}

function readEcdsa(reader: WireReader, { curve, jwkCurve, fieldBytes }: Primitive & { kind: 'ecdsa' }): JsonWebKey {
  const named = reader.text('curve');
  if (named !== curve) reader.fail(`names the curve ${named} where its algorithm demands ${curve}`);
  const point = reader.string('point');
  // SEC 1 section 2.3.3: 04, then x and y; compressed points and the point at infinity begin otherwise.
  if (point[0] !== 0x04 || point.length !== 1 + 2 * fieldBytes) {
    reader.fail(`has a point that is not the uncompressed form of ${curve}`);
  }
  return {
    kty: 'EC',
    crv: jwkCurve,
    x: point.subarray(1, 1 + fieldBytes).toString('base64url'),
    y: point.subarray(1 + fieldBytes).toString('base64url'),
  };
}

function readRsa(reader: WireReader): JsonWebKey {
  const exponent = reader.positiveMpint('exponent');
  const modulus = reader.positiveMpint('modulus');
  const bits = bitLength(modulus);
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
    reader.fail(
      `has an RSA modulus of ${bits} bits`,
      `RSA keys need ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits; better make an ssh-ed25519 key`,
    );
  }
  const isOne = exponent.length === 1 && exponent[0] === 1;
  if (isOne || !isOdd(exponent) || exponent.length > RSA_MAX_EXPONENT_BYTES || !isOdd(modulus)) {
    reader.fail('has an RSA modulus or exponent that no real key has');
  }
  return { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
}

function isOdd(magnitude: Buffer): boolean {
  return (magnitude.readUInt8(magnitude.length - 1) & 1) === 1;
}

/** Of a magnitude without leading zero octets. */
function bitLength(magnitude: Buffer): number {
  return magnitude.length * 8 - (Math.clz32(magnitude.readUInt8(0)) - 24);
}

function importJwk(reader: WireReader, key: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    // The one way to get here: a point that is not on the curve.
    return reader.fail('does not hold a valid public key of its kind');
  }
}
