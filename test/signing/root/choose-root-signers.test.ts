import { describe, expect, test } from '@jest/globals';
import { applyRootChanges, type RootChange } from '../../../src/factory/index.js';
import { chooseRootSigners, type SignerChoice } from '../../../src/signing/root/choose-root-signers.js';
import type { SignerKey } from '../../../src/signing/index.js';
import { CHANGELOG, KEYS, removeKey, replaceKey, rootBase } from '../../support/root-base.js';
import type { TufKey } from '../../support/tuf-key.js';

const [first, second, third] = KEYS.root;
const [fresh] = KEYS.spare;

/** As the signer tells of it; of a key that is away its journal knows. */
const told = ({ keyid, key }: TufKey, state: 'active' | 'absent'): SignerKey => ({
  ...{ keyid, keytype: key.keytype, role: 'root', token: { label: 'root', serial: '1' }, public: key, ckaId: '' },
  ...{ attributes: {}, state },
});

interface Given extends Partial<SignerChoice> {
  readonly changes?: readonly RootChange[];
  readonly threshold?: number;
  readonly here?: readonly TufKey[];
  readonly away?: readonly TufKey[];
}

/** Which of the three root keys in force, and of the new ones, are to sign. */
function chosen({ changes = [CHANGELOG], threshold = 1, here = [], away = [], ...choice }: Given): string[] {
  const base = rootBase({ root: [first, second, third], rootThreshold: threshold });
  const { signers } = applyRootChanges(changes, base);
  const keys = [...here.map((key) => told(key, 'active')), ...away.map((key) => told(key, 'absent'))];
  return chooseRootSigners(signers, base, keys, { without: [], signedLast: [], ...choice });
}

const keyidsOf = (...keys: TufKey[]): string[] => keys.map(({ keyid }) => keyid).sort();

describe('of the root keys in force', () => {
  test('one whose token is there signs before all whose token is away', () => {
    expect(chosen({ here: [third], away: [first, second] })).toEqual(keyidsOf(third));
    expect(chosen({ here: [third], away: [first, second], threshold: 2 })).toEqual(keyidsOf(first, third));
  });

  test('while all are away, those sign that signed the roots in force: the others may be lost', () => {
    const away = [first, second, third];
    expect(chosen({ away })).toEqual(keyidsOf(first));
    expect(chosen({ away, signedLast: [second.keyid] })).toEqual(keyidsOf(second));
    expect(chosen({ away, signedLast: [second.keyid, third.keyid], threshold: 2 })).toEqual(keyidsOf(second, third));
  });

  test('one that goes is not waited for while others can do, though it signed last', () => {
    const away = [first, second, third, fresh];
    const signedLast = [first.keyid];
    expect(chosen({ changes: [removeKey('root', first), CHANGELOG], away, signedLast })).toEqual(keyidsOf(second));
    const changes = [replaceKey('root', first, fresh), CHANGELOG];
    expect(chosen({ changes, away, signedLast })).toEqual(keyidsOf(second, fresh));
    expect(chosen({ changes, away, signedLast, threshold: 2 })).toEqual(keyidsOf(second, third, fresh));
  });

  test('one that is to be done without does not sign', () => {
    const away = [first, second, third];
    expect(chosen({ away, without: [first.keyid] })).toEqual(keyidsOf(second));
    expect(chosen({ away, without: [first.keyid], threshold: 2 })).toEqual(keyidsOf(second, third));
    expect(chosen({ here: [first], away: [second, third], without: [first.keyid] })).toEqual(keyidsOf(second));
  });
});

describe('to do without a key is refused', () => {
  test('if it is no root key in force', () => {
    const without = [first.keyid, fresh.keyid];
    expect(() => chosen({ away: [first], without })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', pointer: '/without/1' }),
    );
  });

  test('if the thresholds cannot be reached by the others', () => {
    expect(() => chosen({ away: [first, second, third], without: [first.keyid], threshold: 3 })).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET', pointer: '/without' }),
    );
  });
});
