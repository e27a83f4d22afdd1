import { describe, expect, test } from '@jest/globals';
import { verifySignatureOnce } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';

const payload = Buffer.from('{"a":1}');
const signer = tufKey();
const { key } = signer;
const good = signer.sign(payload);

describe('a signature that held', () => {
  test('holds again', () => {
    verifySignatureOnce(key, good, payload);
    expect(() => verifySignatureOnce(key, good, payload)).not.toThrow();
  });

  test.each([
    ['over other bytes', key, good, Buffer.from('{"a":2}')],
    ['over bytes that begin with its own', key, good, Buffer.from('{"a":1} ')],
    ['of another key', tufKey().key, good, payload],
    ['under another method', key, { ...good, method: 'rsassa-pss-sha256' }, payload],
    ['with other bytes', key, signer.sign(Buffer.from('{"a":2}')), payload],
  ])('says nothing of one %s', (_, otherKey, signature, bytes) => {
    verifySignatureOnce(key, good, payload);
    expect(codeOf(() => verifySignatureOnce(otherKey, signature, bytes))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => verifySignatureOnce(otherKey, signature, bytes))).toBe('SIGNATURE_INVALID');
  });
});
