import { describe, expect, test } from '@jest/globals';
import { keyProofPayload, verifyKeyProof, type KeyProofSubject } from '../../src/dossier/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';

const SUBJECT: KeyProofSubject = { factory: 'acme', keyid: 'ab', role: 'root', service: 'cd'.repeat(32) };

describe('a proof of possession', () => {
  test('signs one line that says what it is, and a canonical text: never JSON', () => {
    expect(keyProofPayload(SUBJECT).toString('utf8')).toBe(
      'countersign key proof\n' +
        `{"_type":"countersign/key-proof","factory":"acme","keyid":"ab","role":"root","service":"${'cd'.repeat(32)}","spec":1}`,
    );
  });

  test.each(['ED25519', 'RSA'] as const)('holds for the key that made it and for no other: %s', (keytype) => {
    const [key, other] = [tufKey(keytype), tufKey(keytype)];
    const proof = key.sign(keyProofPayload(SUBJECT));
    expect(() => verifyKeyProof(SUBJECT, key.key, proof)).not.toThrow();
    expect(codeOf(() => verifyKeyProof(SUBJECT, other.key, proof))).toBe('KEY_PROOF_INVALID');
  });

  test.each<[string, Partial<KeyProofSubject>]>([
    ['Factory', { factory: 'other' }],
    ['keyid', { keyid: 'cd' }],
    ['role', { role: 'targets' }],
    ['service', { service: 'ef'.repeat(32) }],
  ])('is of no use for another %s', (_, over) => {
    const key = tufKey();
    const proof = key.sign(keyProofPayload(SUBJECT));
    expect(codeOf(() => verifyKeyProof({ ...SUBJECT, ...over }, key.key, proof))).toBe('KEY_PROOF_INVALID');
  });
});
