import { describe, expect, test } from '@jest/globals';
import { checkThreshold, encodeCanonical, type Root, type Signature, verifyThreshold } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';
import { makeRoot } from './make-metadata.js';

const [alice, bob, carol, stranger] = [tufKey(), tufKey('RSA'), tufKey(), tufKey()];
const root = makeRoot({ root: [alice], targets: [alice, bob, carol], targetsThreshold: 2 }, [alice]).signed;
const signedBytes = encodeCanonical({ any: 'document' });
const other = encodeCanonical({ any: 'other document' });
const check = (signatures: readonly Signature[], by: Root = root) =>
  checkThreshold({ signedBytes, signatures }, by, 'targets');

describe('checkThreshold', () => {
  test('says who signed, who did not, and how many are missing', () => {
    expect(check([])).toEqual({
      role: 'targets',
      threshold: 2,
      signed: [],
      unsigned: [alice.keyid, bob.keyid, carol.keyid],
      invalid: [],
      unknown: [],
      missing: 2,
    });
    expect(check([bob.sign(signedBytes)])).toMatchObject({ signed: [bob.keyid], missing: 1 });
    expect(check([bob.sign(signedBytes), alice.sign(signedBytes)])).toMatchObject({
      signed: [bob.keyid, alice.keyid],
      unsigned: [carol.keyid],
      missing: 0,
    });
  });

  test('more signatures than needed leave nothing missing', () => {
    const all = [alice, bob, carol].map((key) => key.sign(signedBytes));
    expect(check(all)).toMatchObject({ unsigned: [], missing: 0 });
  });

  test('a signature over other bytes does not count, and the reason is given', () => {
    const result = check([alice.sign(other), bob.sign(signedBytes)]);
    expect(result).toMatchObject({ signed: [bob.keyid], unsigned: [carol.keyid], missing: 1 });
    expect(result.invalid).toEqual([{ keyid: alice.keyid, reason: expect.any(String) }]);
  });

  test('signatures of keys outside the role do not count, also when root holds the key', () => {
    const result = checkThreshold(
      { signedBytes, signatures: [bob.sign(signedBytes), stranger.sign(signedBytes)] },
      root,
      'root',
    );
    expect(result).toMatchObject({ signed: [], unknown: [bob.keyid, stranger.keyid], missing: 1 });
  });

  test("a signature under another's keyid does not count", () => {
    const forged = { ...stranger.sign(signedBytes), keyid: alice.keyid };
    expect(check([forged])).toMatchObject({ signed: [], invalid: [{ keyid: alice.keyid }], missing: 2 });
  });

  test('two signatures with one keyid are refused before anything is counted', () => {
    const twice = [alice.sign(signedBytes), bob.sign(signedBytes), alice.sign(signedBytes)];
    expect(codeOf(() => check(twice))).toBe('SIGNATURE_DUPLICATE_KEYID');
    const strangers = [alice, bob].map((key) => key.sign(signedBytes));
    const unknown = stranger.sign(signedBytes);
    expect(codeOf(() => check([...strangers, unknown, unknown]))).toBe('SIGNATURE_DUPLICATE_KEYID');
  });

  test('one key under two keyids counts once, however its public value is written', () => {
    const again = 'f'.repeat(64);
    const upper = { ...alice.key, keyval: { public: alice.key.keyval.public.toUpperCase() } };
    const doubled: Root = {
      ...root,
      keys: { ...root.keys, [again]: upper },
      roles: { ...root.roles, targets: { keyids: [alice.keyid, again], threshold: 2 } },
    };
    const signature = alice.sign(signedBytes);
    const result = check([signature, { ...signature, keyid: again }], doubled);
    expect(result).toMatchObject({ signed: [alice.keyid], invalid: [{ keyid: again }], missing: 1 });
  });

  test('a keyid whose key the root does not hold never counts', () => {
    const without: Root = { ...root, keys: {} };
    expect(check([alice.sign(signedBytes)], without)).toMatchObject({ signed: [], invalid: [{ keyid: alice.keyid }] });
  });

  test.each(['mirrors', 'constructor', '__proto__'])('refuses the role %s, which the root does not have', (role) => {
    expect(codeOf(() => checkThreshold({ signedBytes, signatures: [] }, root, role))).toBe('METADATA_INVALID');
  });
});

describe('verifyThreshold', () => {
  test('gives the result when the threshold is met and throws when it is not', () => {
    const both = [alice, carol].map((key) => key.sign(signedBytes));
    expect(verifyThreshold({ signedBytes, signatures: both }, root, 'targets').missing).toBe(0);
    const one = { signedBytes, signatures: both.slice(1) };
    expect(codeOf(() => verifyThreshold(one, root, 'targets'))).toBe('THRESHOLD_NOT_MET');
  });

  test('a threshold above the number of keys is never met', () => {
    const steep = makeRoot({ root: [alice], targetsThreshold: 2 }, [alice]).signed;
    const all = { signedBytes, signatures: [alice.sign(signedBytes)] };
    expect(codeOf(() => verifyThreshold(all, steep, 'targets'))).toBe('THRESHOLD_NOT_MET');
  });
});
