import { describe, expect, test } from '@jest/globals';
import { parseTargets, serializeMetadata, verifyTargets } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';
import { makeRoot, makeTargets, signedMetadata, targetsSigned } from './make-metadata.js';

const [rootKey, online, offline] = [tufKey(), tufKey('RSA'), tufKey()];
const root = makeRoot({ root: [rootKey], targets: [online, offline], targetsThreshold: 2 }, [rootKey]);
const now = new Date('2029-12-31T23:59:59Z');

describe('targets under a root', () => {
  test('hold with the threshold of the targets role', () => {
    const result = verifyTargets(root, makeTargets([offline, online]), { now });
    expect(result.signed).toEqual([offline.keyid, online.keyid]);
  });

  test.each([
    ['the offline key alone', [offline]],
    ['the online key alone', [online]],
    ['a key of the role and one of the root role', [online, rootKey]],
    ['nobody', []],
  ])('do not hold signed by %s', (_, signers) => {
    expect(codeOf(() => verifyTargets(root, makeTargets(signers)))).toBe('THRESHOLD_NOT_MET');
  });

  test('do not hold once they have expired, if a time is given', () => {
    const targets = makeTargets([offline, online]);
    expect(codeOf(() => verifyTargets(root, targets, { now: new Date('2030-01-01T00:00:00Z') }))).toBe(
      'METADATA_EXPIRED',
    );
    expect(() => verifyTargets(root, targets)).not.toThrow();
  });

  test('do not hold with two signatures of one keyid', () => {
    const targets = makeTargets([offline, online]);
    const signatures = [...targets.signatures, offline.sign(targets.signedBytes)];
    const doubled = parseTargets(serializeMetadata({ ...targets, signatures }));
    expect(codeOf(() => verifyTargets(root, doubled))).toBe('SIGNATURE_DUPLICATE_KEYID');
  });

  test('do not hold with any one bit of the document flipped', () => {
    const ed25519Root = makeRoot({ root: [rootKey], targets: [offline, rootKey], targetsThreshold: 2 }, [rootKey]);
    const document = signedMetadata(targetsSigned(), [offline, rootKey]);
    expect(() => verifyTargets(ed25519Root, parseTargets(document))).not.toThrow();
    const codes = new Set<string>();
    for (let bit = 0; bit < document.length * 8; bit++) {
      const flipped = Buffer.from(document);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const code = codeOf(() => verifyTargets(ed25519Root, parseTargets(flipped)));
      codes.add((bit & 7) === 7 ? `high bit: ${code}` : code);
    }
    expect([...codes].sort()).toEqual([
      'CANONICAL_UNSAFE',
      'JSON_INVALID',
      'METADATA_INVALID',
      'THRESHOLD_NOT_MET',
      'high bit: JSON_INVALID',
    ]);
  });
});
