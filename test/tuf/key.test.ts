import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { algorithmOf, type Key, keyFromSpkiDer, keyidOf, publicKeyObject, sha256Hex } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';

const der = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const ED = tufKey().key;
const RSA = tufKey('RSA').key;

function keyWith(publicText: string, keytype: Key['keytype'] = 'RSA'): Key {
  return { keytype, keyval: { public: publicText } };
}

function pem(spkiDer: Buffer): string {
  const lines = spkiDer.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
}

describe('keys', () => {
  test('an Ed25519 key is 64 hexadecimal digits, an RSA key a PKIX PEM with a line feed at its end', () => {
    expect(ED.keyval.public).toMatch(/^[0-9a-f]{64}$/);
    expect(RSA.keyval.public).toMatch(/^-----BEGIN PUBLIC KEY-----\n[\s\S]+\n-----END PUBLIC KEY-----\n$/);
    expect(publicKeyObject(ED).asymmetricKeyType).toBe('ed25519');
    expect(publicKeyObject(RSA).asymmetricKeyType).toBe('rsa');
  });

  test.each([ED, RSA])('$keytype goes to SubjectPublicKeyInfo and back', (key) => {
    expect(keyFromSpkiDer(der(publicKeyObject(key)))).toEqual(key);
    expect(keyidOf(key)).toBe(sha256Hex(der(publicKeyObject(key))));
  });

  test('upper-case digits and a PEM without its last line feed are the same keys', () => {
    const upper = keyWith(ED.keyval.public.toUpperCase(), 'ED25519');
    expect(keyidOf(upper)).toBe(keyidOf(ED));
    expect(keyidOf(keyWith(RSA.keyval.public.trimEnd()))).toBe(keyidOf(RSA));
  });

  test('the table gives method, salt and lengths', () => {
    expect(algorithmOf(RSA)).toMatchObject({ method: 'rsassa-pss-sha256', saltLength: 32, bits: [2048, 3072, 4096] });
    expect(algorithmOf(ED)).toMatchObject({ method: 'ed25519', saltLength: null });
    expect(codeOf(() => algorithmOf({ keytype: 'toString' }))).toBe('KEY_INVALID');
  });

  test.each([3072, 4096])('takes RSA of %i bits', (modulusLength) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
    expect(keyFromSpkiDer(der(publicKey)).keytype).toBe('RSA');
  });

  test.each([1024, 2056])('refuses RSA of %i bits, which devices do not accept', (modulusLength) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
    expect(codeOf(() => keyFromSpkiDer(der(publicKey)))).toBe('KEY_INVALID');
    expect(codeOf(() => publicKeyObject(keyWith(pem(der(publicKey)))))).toBe('KEY_INVALID');
  });

  test('refuses RSA with the exponent 3', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    expect(codeOf(() => keyFromSpkiDer(der(publicKey)))).toBe('KEY_INVALID');
  });

  test.each<[string, () => KeyObject]>([
    ['ECDSA', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['Ed448', () => generateKeyPairSync('ed448').publicKey],
    ['X25519', () => generateKeyPairSync('x25519').publicKey],
    ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
  ])('refuses %s', (_, make) => {
    const spkiDer = der(make());
    expect(codeOf(() => keyFromSpkiDer(spkiDer))).toBe('KEY_INVALID');
    expect(codeOf(() => publicKeyObject(keyWith(pem(spkiDer))))).toBe('KEY_INVALID');
  });

  test.each<[string, string]>([
    ['an empty text', ''],
    ['text around the PEM', ` ${RSA.keyval.public}`],
    ['a second PEM', RSA.keyval.public + RSA.keyval.public],
    ['a private key header', RSA.keyval.public.replaceAll('PUBLIC', 'PRIVATE')],
    ['carriage returns', RSA.keyval.public.replaceAll('\n', '\r\n')],
    ['base64 that is cut', RSA.keyval.public.replace(/.\n-----END/, '\n-----END')],
    ['DER that is cut', pem(der(publicKeyObject(RSA)).subarray(0, -1))],
    ['bytes after the DER', pem(Buffer.concat([der(publicKeyObject(RSA)), Buffer.from([0])]))],
    ['an Ed25519 key', pem(der(publicKeyObject(ED)))],
  ])('refuses %s as an RSA key', (_, text) => {
    expect(codeOf(() => publicKeyObject(keyWith(text)))).toBe('KEY_INVALID');
  });

  test.each(['', 'ab', `${'ab'.repeat(31)}zz`, `${'ab'.repeat(32)}\n`, 'ab'.repeat(33)])(
    'refuses %j as an ED25519 key',
    (text) => {
      expect(codeOf(() => publicKeyObject(keyWith(text, 'ED25519')))).toBe('KEY_INVALID');
    },
  );

  test('refuses bytes after the DER of an Ed25519 key', () => {
    expect(codeOf(() => keyFromSpkiDer(Buffer.concat([der(publicKeyObject(ED)), Buffer.from([0])])))).toBe(
      'KEY_INVALID',
    );
  });
});
