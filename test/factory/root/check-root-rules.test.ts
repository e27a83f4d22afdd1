import { describe, expect, test } from '@jest/globals';
import { checkRootRules, type RootChange, type RootRules } from '../../../src/factory/index.js';
import { placeOf } from '../../support/error-code.js';
import { addKey, CHANGELOG, CREATED, KEYS, replaceKey, rootBase, type RootsInput } from '../../support/root-base.js';

const { root, targets, spare } = KEYS;
const rules: RootRules = {
  created: new Date(CREATED),
  maxExpiresDays: 366,
  leastKeys: { root: 1, targets: 1 },
  keysOfOtherFactories: [],
};
const check = (changes: readonly RootChange[], more: Partial<RootRules> = {}, base: RootsInput = {}): string =>
  placeOf(() => {
    checkRootRules([...changes, CHANGELOG], rootBase(base), { ...rules, ...more });
  });
const expires = (text: string): RootChange => ({ op: 'set-expires', expires: text });

describe('checkRootRules', () => {
  test('takes an update that keeps to them', () => {
    expect(check([replaceKey('root', root[0], spare[0])])).toBe('NOTHING_THROWN');
  });

  test('holds the expiry to the last second that the policy allows', () => {
    expect(check([expires('2027-11-23T16:00:00Z')])).toBe('NOTHING_THROWN');
    expect(check([expires('2027-11-23T16:00:01Z')])).toBe('EXPIRES_BEYOND_POLICY /signed/expires');
  });

  test('judges an expiry that the update leaves as it was', () => {
    expect(check([], {}, { expires: '2029-01-01T00:00:00Z' })).toBe('EXPIRES_BEYOND_POLICY /signed/expires');
    expect(check([], {}, { expires: CREATED })).toBe('ROOT_EXPIRES_INVALID /signed/expires');
  });

  test('wants as many active keys as the policy says, in a role that has any', () => {
    const two = { leastKeys: { root: 2, targets: 2 } };
    expect(check([], two)).toBe('ROOT_KEYS_TOO_FEW /signed/roles/root/keyids');
    expect(check([addKey('root', spare[0])], two)).toBe('ROOT_KEYS_TOO_FEW /signed/roles/targets/keyids');
    expect(check([addKey('root', spare[0]), addKey('targets', spare[1])], two)).toBe('NOTHING_THROWN');
    expect(check([], two, { root: [root[0], root[1]], targets: [] })).toBe('NOTHING_THROWN');
  });

  test('knows a key of another Factory, whatever its keyid', () => {
    const others = { keysOfOtherFactories: [spare[0].key] };
    expect(check([addKey('targets', spare[0])], others)).toBe(`ROOT_KEY_OTHER_FACTORY /signed/keys/${spare[0].keyid}`);
    expect(check([], { keysOfOtherFactories: [targets[1].key] })).toBe('NOTHING_THROWN');
  });
});
