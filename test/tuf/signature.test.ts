import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { keyFromSpkiDer, type Signature, verifySignature } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';

const payload = Buffer.from('{"a":1}');
const ed = tufKey();
const rsa = tufKey('RSA');

describe.each([ed, rsa])('a signature by a key of type $key.keytype', (signer) => {
  const { key } = signer;
  const good = signer.sign(payload);
  const altered = (members: Partial<Signature>) => () => verifySignature(key, { ...good, ...members }, payload);

  test('holds over the bytes that were signed', () => {
    expect(() => verifySignature(key, good, payload)).not.toThrow();
  });

  test('does not hold over others', () => {
    expect(codeOf(() => verifySignature(key, good, Buffer.from('{"a":2}')))).toBe('SIGNATURE_INVALID');
  });

  test('does not hold with any bit flipped', () => {
    const bytes = Buffer.from(good.sig, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(codeOf(altered({ sig: flipped.toString('base64') }))).toBe('SIGNATURE_INVALID');
    }
  });

  test.each([
    ['without padding', (sig: string) => sig.replace(/=+$/, '')],
    ['with more padding', (sig: string) => `${sig}=`],
    ['with a line feed', (sig: string) => `${sig}\n`],
    ['with a blank', (sig: string) => ` ${sig}`],
    ['in the URL alphabet', (sig: string) => `-_${sig.slice(2)}`],
    ['with set bits after its end', (sig: string) => sig.replace(/A==$|Q==$|g==$|w==$/, 'B==')],
    ['empty', () => ''],
    ['short', (sig: string) => sig.slice(4)],
    ['long', (sig: string) => `AAAA${sig}`],
  ])('is not accepted in base64 %s', (_, change) => {
    const sig = change(good.sig);
    expect(sig).not.toBe(good.sig);
    expect(codeOf(altered({ sig }))).toBe('SIGNATURE_INVALID');
  });

  test.each(['RSASSA-PSS-SHA256', 'Ed25519', 'rsassa-pss', ''])('is not accepted under the method %j', (method) => {
    expect(codeOf(altered({ method }))).toBe('SIGNATURE_INVALID');
  });

  test('is not accepted from another key, nor under the method of another keytype', () => {
    expect(codeOf(() => verifySignature(tufKey(key.keytype).key, good, payload))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => verifySignature((key === ed.key ? rsa : ed).key, good, payload))).toBe('SIGNATURE_INVALID');
  });
});

describe('RSA', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' }));
  const verifies = (sig: Buffer) => () =>
    verifySignature(key, { keyid: 'x', method: 'rsassa-pss-sha256', sig: sig.toString('base64') }, payload);
  const pss = (saltLength: number, hash = 'sha256') =>
    sign(hash, payload, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

  test('a salt of 32 bytes is accepted', () => {
    expect(verifies(pss(32))).not.toThrow();
  });

  test.each([0, 20, 31, 33, 64])('a salt of %i bytes is not', (saltLength) => {
    expect(codeOf(verifies(pss(saltLength)))).toBe('SIGNATURE_INVALID');
  });

  test('another hash and PKCS #1 v1.5 are not accepted', () => {
    expect(codeOf(verifies(pss(32, 'sha512')))).toBe('SIGNATURE_INVALID');
    expect(codeOf(verifies(sign('sha256', payload, privateKey)))).toBe('SIGNATURE_INVALID');
  });
});
