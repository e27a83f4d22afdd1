import { describe, expect, it } from '@jest/globals';
import {
  draftPolicy,
  parsePolicy,
  type PolicyDraft,
  serializePolicy,
  type SignedPolicy,
  verifyPolicyChain,
} from '../../src/policy/index.js';
import { codeOf } from '../support/error-code.js';
import { draftOf, KEYS, RULES, signAs } from './policy-fixture.js';

const { ada, ben, cleo, dan } = KEYS;
const follow = (before: SignedPolicy, change: Partial<PolicyDraft> = {}) =>
  draftPolicy(draftOf({ version: before.policy.version + 1, previous: before.sha256, ...change }));

const first = signAs(draftPolicy(draftOf()), { ada, ben, cleo });
// ada leaves, dan comes
const withDan = [...draftOf().officers.slice(1), { person: 'dan', keys: [dan.line] }];
const second = signAs(follow(first, { officers: withDan }), { ada, ben });
const third = signAs(follow(second, { officers: withDan, kinds: { wave: RULES, root: RULES, policy: RULES } }), {
  cleo,
  dan,
});

const pins = { policySha256: first.sha256 };
const code = (...policies: SignedPolicy[]) => codeOf(() => verifyPolicyChain(policies, pins));

describe('a chain of policies', () => {
  it('holds from the pinned version 1 on, and its last version is in force', () => {
    expect(verifyPolicyChain([first], pins)).toBe(first);
    expect(verifyPolicyChain([first, second], pins)).toBe(second);
    expect(verifyPolicyChain([first, second, third], pins)).toBe(third);
  });

  it('holds after it was written and read again', () => {
    const read = [first, second, third].map((policy) => parsePolicy(`${serializePolicy(policy)}\n`));
    expect(verifyPolicyChain(read, pins)).toEqual(third);
  });

  it('is refused when its version 1 is not the pinned one, though well signed', () => {
    const other = signAs(draftPolicy(draftOf({ created: '2030-01-01T00:00:01Z' })), { ada, ben, cleo });
    expect(code(other)).toBe('POLICY_NOT_PINNED');
  });

  it('is refused when an officer of version 1 did not sign it, though it is pinned', () => {
    expect(code(signAs(first.policy, { ada, ben }))).toBe('POLICY_NOT_SIGNED');
    expect(code(signAs(first.policy, { ada, ben, cleo: dan }))).toBe('POLICY_NOT_SIGNED');
  });

  it('is refused when a later version lacks the quorum of the one before', () => {
    expect(code(first, signAs(second.policy, { ada }))).toBe('POLICY_NOT_SIGNED');
    expect(code(first, signAs(second.policy, { ada, dan }))).toBe('POLICY_NOT_SIGNED');
    expect(code(first, second, signAs(third.policy, { ada, cleo }))).toBe('POLICY_NOT_SIGNED');
  });

  it('is refused when newcomers lower the quorum for themselves', () => {
    const single = { quorum: 1, maxExpiresDays: 365, singleOfficer: true };
    const coup = follow(first, {
      officers: [{ person: 'eve', keys: [KEYS.eve.line] }],
      kinds: { wave: single, policy: single },
    });
    expect(code(first, signAs(coup, { eve: KEYS.eve }))).toBe('POLICY_NOT_SIGNED');
  });

  it('is refused with a gap, a repetition, another order or nothing in it', () => {
    expect(code()).toBe('POLICY_CHAIN_BROKEN');
    expect(code(second)).toBe('POLICY_CHAIN_BROKEN');
    expect(code(first, third)).toBe('POLICY_CHAIN_BROKEN');
    expect(code(first, first)).toBe('POLICY_CHAIN_BROKEN');
    expect(code(first, second, second)).toBe('POLICY_CHAIN_BROKEN');
    expect(code(first, third, second)).toBe('POLICY_CHAIN_BROKEN');
  });

  it('is refused when a version was written for another version before it', () => {
    const fork = signAs(follow(first), { ada, ben });
    expect(code(first, fork)).toBe('NOTHING_THROWN');
    expect(code(first, fork, third)).toBe('POLICY_CHAIN_BROKEN');
  });
});
