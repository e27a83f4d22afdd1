import { describe, expect, it } from '@jest/globals';
import { parseSshPublicKey } from '../../src/approval/index.js';
import { draftPolicy, factoryOf, findOfficerByKey, kindOf, leastKeysOf } from '../../src/policy/index.js';
import { codeOf } from '../support/error-code.js';
import { draftOf, KEYS, RULES } from './policy-fixture.js';

const policy = draftPolicy(draftOf());

describe('lookups in a policy', () => {
  it('find whose key it is, whatever its comment says', () => {
    expect(findOfficerByKey(policy, parseSshPublicKey(KEYS.adaSpare.line))).toEqual({ person: 'ada' });
    const renamed = KEYS.ben.line.replace(/ ben$/, ' ada');
    expect(findOfficerByKey(policy, parseSshPublicKey(renamed))).toEqual({ person: 'ben' });
    expect(findOfficerByKey(policy, parseSshPublicKey(KEYS.eve.line))).toBeNull();
  });

  it('find the rules of a kind', () => {
    expect(kindOf(policy, 'wave')).toEqual(RULES);
    for (const kind of ['root', 'bundle', 'constructor', '__proto__', '']) {
      expect(codeOf(() => kindOf(policy, kind))).toBe('KIND_NOT_ALLOWED');
    }
  });

  it('say how many keys a role has at least: one unless the policy wants more', () => {
    const withRoot = (root: object) =>
      draftPolicy({ ...draftOf(), kinds: { wave: RULES, policy: RULES, root: { ...RULES, ...root } } });
    expect(leastKeysOf(withRoot({}))).toEqual({ root: 1, targets: 1 });
    expect(leastKeysOf(withRoot({ leastKeys: { root: 2 } }))).toEqual({ root: 2, targets: 1 });
    expect(codeOf(() => leastKeysOf(policy))).toBe('KIND_NOT_ALLOWED');
  });

  it('find a Factory by its exact name', () => {
    expect(factoryOf(policy, 'acme').url).toBe('https://api.factory.example');
    expect(codeOf(() => factoryOf(policy, 'Acme'))).toBe('FACTORY_NOT_IN_POLICY');
  });
});
