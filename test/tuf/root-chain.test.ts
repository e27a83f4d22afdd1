import { describe, expect, test } from '@jest/globals';
import { parseRoot, serializeMetadata, verifyRootChain, verifyRootUpdate } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';
import { makeRoot } from './make-metadata.js';

const [first, second, third, fourth] = [tufKey('RSA'), tufKey(), tufKey(), tufKey()];
const root1 = makeRoot({ version: 1, root: [first] }, [first]);
const root2 = makeRoot({ version: 2, root: [second, third], rootThreshold: 2 }, [first, second, third]);
const root3 = makeRoot({ version: 3, root: [second, fourth], rootThreshold: 1 }, [second, third]);

describe('a new root', () => {
  test('follows when thresholds of the old and of its own keys signed it and its version is one higher', () => {
    expect(() => verifyRootUpdate(root1, root2)).not.toThrow();
    expect(() => verifyRootUpdate(root2, root3)).not.toThrow();
  });

  test.each([
    ['the old key did not sign', [second, third]],
    ['one of its own two did not sign', [first, second]],
    ['only the old key signed', [first]],
    ['nobody signed', []],
  ])('is refused when %s', (_, signers) => {
    const next = makeRoot({ version: 2, root: [second, third], rootThreshold: 2 }, signers);
    expect(codeOf(() => verifyRootUpdate(root1, next))).toBe('THRESHOLD_NOT_MET');
  });

  test('is refused when only one of two old keys signed, although its own threshold is 1', () => {
    const next = makeRoot({ version: 3, root: [second] }, [second]);
    expect(codeOf(() => verifyRootUpdate(root2, next))).toBe('THRESHOLD_NOT_MET');
  });

  test.each([
    [1, 'VERSION_ROLLBACK'],
    [2, 'VERSION_ROLLBACK'],
    [4, 'VERSION_GAP'],
    [5, 'VERSION_GAP'],
  ])('of version %i after version 2 is refused', (version, code) => {
    const next = makeRoot({ version, root: [second] }, [second, third]);
    expect(codeOf(() => verifyRootUpdate(root2, next))).toBe(code);
  });

  test('is refused with two signatures of one keyid', () => {
    const next = parseRoot(
      serializeMetadata({ ...root2, signatures: [...root2.signatures, first.sign(root2.signedBytes)] }),
    );
    expect(codeOf(() => verifyRootUpdate(root1, next))).toBe('SIGNATURE_DUPLICATE_KEYID');
  });
});

describe('a chain of roots', () => {
  test('gives its last root', () => {
    expect(verifyRootChain([root1, root2, root3], { trustedSha256: root1.sha256 })).toBe(root3);
    expect(verifyRootChain([root2], {})).toBe(root2);
  });

  test('is refused when it is empty or starts with another root than the trusted one', () => {
    expect(codeOf(() => verifyRootChain([], {}))).toBe('ROOT_NOT_TRUSTED');
    expect(codeOf(() => verifyRootChain([root2, root3], { trustedSha256: root1.sha256 }))).toBe('ROOT_NOT_TRUSTED');
  });

  test('is refused when its first root was not signed by its own keys', () => {
    const unsigned = makeRoot({ version: 1, root: [first] }, []);
    expect(unsigned.sha256).toBe(root1.sha256);
    expect(codeOf(() => verifyRootChain([unsigned], { trustedSha256: root1.sha256 }))).toBe('THRESHOLD_NOT_MET');
  });

  test('is refused with a root left out, twice, or in another order', () => {
    expect(codeOf(() => verifyRootChain([root1, root3]))).toBe('THRESHOLD_NOT_MET');
    const direct = makeRoot({ version: 3, root: [second] }, [first, second]);
    expect(codeOf(() => verifyRootChain([root1, direct]))).toBe('VERSION_GAP');
    expect(codeOf(() => verifyRootChain([root1, root1]))).toBe('VERSION_ROLLBACK');
    expect(codeOf(() => verifyRootChain([root1, root2, root1]))).toBe('THRESHOLD_NOT_MET');
  });

  test('only the last root must not have expired, and it has at the very second of its expires', () => {
    const old1 = makeRoot({ version: 1, root: [first], expires: '2020-01-01T00:00:00Z' }, [first]);
    const last = makeRoot({ version: 2, root: [first], expires: '2030-01-01T00:00:00Z' }, [first]);
    const at = (time: string) => () => verifyRootChain([old1, last], { now: new Date(time) });
    expect(at('2029-12-31T23:59:59.999Z')).not.toThrow();
    expect(codeOf(at('2030-01-01T00:00:00Z'))).toBe('METADATA_EXPIRED');
    expect(codeOf(() => verifyRootChain([old1], { now: new Date('2025-01-01T00:00:00Z') }))).toBe('METADATA_EXPIRED');
    expect(() => verifyRootChain([old1])).not.toThrow();
  });
});
