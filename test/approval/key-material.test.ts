import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parsePublicKeyBlob } from '../../src/approval/ssh-public-key.js';
import { codeOf } from '../support/error-code.js';
import { mpint, softKey, wireString } from '../support/ssh-forge.js';

const code = (...parts: Buffer[]) => codeOf(() => parsePublicKeyBlob(Buffer.concat(parts), 'SSH_KEY_INVALID'));

describe('Ed25519 keys', () => {
  const name = wireString('ssh-ed25519');

  it.each([0, 31, 33, 64])('of %i bytes are refused', (length) => {
    expect(code(name, wireString(Buffer.alloc(length, 3)))).toBe('SSH_KEY_INVALID');
  });

  it('with bytes after them are refused', () => {
    expect(code(name, wireString(Buffer.alloc(32, 3)), Buffer.alloc(1))).toBe('SSH_KEY_INVALID');
  });

  it.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('under which anyone can sign are refused (%s)', (hex) => {
    const point = Buffer.from(hex, 'hex');
    // It is no idle rule: with R = s·B for any s, some message of a few verifies, and no secret was needed.
    expect(forgesWithoutSecret(point)).toBe(true);
    expect(code(name, wireString(point))).toBe('SSH_KEY_INVALID');
  });

  it('of people are not taken for those', () => {
    const { blob } = softKey('ssh-ed25519');
    const key = blob.subarray(-32);
    expect(forgesWithoutSecret(key)).toBe(false);
    expect(code(blob)).toBe('NOTHING_THROWN');
  });
});

/** Whether one of 64 messages verifies under a public key with a signature made without any private key of it. */
function forgesWithoutSecret(publicPoint: Buffer): boolean {
  const seed = Buffer.alloc(32, 5);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const jwk = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' });
  const R = Buffer.from(jwk.x ?? '', 'base64url');
  const clamped = createHash('sha512').update(seed).digest().subarray(0, 32);
  clamped.writeUInt8(clamped.readUInt8(0) & 0xf8, 0);
  clamped.writeUInt8((clamped.readUInt8(31) & 0x7f) | 0x40, 31);
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = BigInt(`0x${Buffer.from(clamped).reverse().toString('hex')}`) % order;
  const S = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicPoint.toString('base64url') },
    format: 'jwk',
  });
  return Array.from({ length: 64 }, (_, i) => Buffer.from([i])).some((message) =>
    verify(null, message, key, Buffer.concat([R, S])),
  );
}

describe('ECDSA keys', () => {
  const { blob } = softKey('ecdsa-sha2-nistp256');
  const name = wireString('ecdsa-sha2-nistp256');
  const point = blob.subarray(-65);
  const compressed = Buffer.concat([Buffer.from([2]), point.subarray(1, 33)]);
  const offCurve = Buffer.from(point);
  offCurve.writeUInt8(offCurve.readUInt8(64) ^ 1, 64);

  it('on their curve are taken', () => {
    expect(code(name, wireString('nistp256'), wireString(point))).toBe('NOTHING_THROWN');
  });

  it.each([
    ['another curve than their type says', 'nistp384', point],
    ['an unknown curve', 'secp256k1', point],
    ['a compressed point', 'nistp256', compressed],
    ['the point at infinity', 'nistp256', Buffer.from([0])],
    ['an empty point', 'nistp256', Buffer.alloc(0)],
    ['a point that is not on the curve', 'nistp256', offCurve],
    ['coordinates of zero', 'nistp256', Buffer.concat([Buffer.from([4]), Buffer.alloc(64)])],
    ['coordinates above the field', 'nistp256', Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 0xff)])],
    ['a point of another curve', 'nistp256', softKey('ecdsa-sha2-nistp384').blob.subarray(-97)],
  ])('with %s are refused', (_what, curve, bytes) => {
    expect(code(name, wireString(curve), wireString(bytes))).toBe('SSH_KEY_INVALID');
  });
});

describe('RSA keys', () => {
  const name = wireString('ssh-rsa');
  const F4 = Buffer.from([1, 0, 1]);
  const modulus = (bytes: number) => Buffer.concat([Buffer.from([0x80]), Buffer.alloc(bytes - 1, 1)]);

  it.each([256, 512, 2048])('with a modulus of %i bytes are taken', (bytes) => {
    expect(code(name, mpint(F4), mpint(modulus(bytes)))).toBe('NOTHING_THROWN');
  });

  it.each([
    ['2047 bits', F4, Buffer.concat([Buffer.from([0x40]), Buffer.alloc(255, 1)])],
    ['1024 bits', F4, modulus(128)],
    ['more than 16384 bits', F4, modulus(2049)],
    ['an even modulus', F4, Buffer.concat([modulus(255), Buffer.from([2])])],
    ['an exponent of 1', Buffer.from([1]), modulus(256)],
    ['an even exponent', Buffer.from([2]), modulus(256)],
    ['an exponent of 9 bytes', Buffer.alloc(9, 1), modulus(256)],
  ])('with %s are refused', (_what, e, n) => {
    expect(code(name, mpint(e), mpint(n))).toBe('SSH_KEY_INVALID');
  });

  it('with the numbers exchanged are refused', () => {
    expect(code(name, mpint(modulus(256)), mpint(F4))).toBe('SSH_KEY_INVALID');
  });
});
