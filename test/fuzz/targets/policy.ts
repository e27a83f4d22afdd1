import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.js';
import {
  checkPolicySignatures,
  parsePolicy,
  serializePolicy,
  verifyPolicyChain,
  type SignedPolicy,
} from '../../../src/policy/index.js';
import type { Pins } from '../../../src/dossier/index.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';
import { signedSeeds } from '../signed-seeds.js';

const CHAIN_CODES: readonly ErrorCode[] = ['POLICY_NOT_SIGNED', 'POLICY_CHAIN_BROKEN', 'POLICY_NOT_PINNED'];

export const policyTarget: FuzzTarget = {
  name: 'policy',
  share: 60_000,
  open() {
    const { fixture, policy } = signedSeeds();
    const corpus = corpusOf('policy');
    const seeds = [...corpus.values(), policy];
    const inputs = fc.oneof(mutatedBytes(seeds), { weight: 4, arbitrary: mutatedJson(seeds) });
    return { corpus, inputs, check: (input) => check(input, fixture.policy, fixture.pins) };
  },
};

function check(input: Buffer, original: SignedPolicy, pins: Pins): void {
  const outcome = attempt(['POLICY_INVALID'], () => parsePolicy(input));
  if ('refused' in outcome) return;
  const policy = outcome.accepted;
  const text = input.toString('utf8');
  assert.equal(serializePolicy(policy), text.endsWith('\n') ? text.slice(0, -1) : text, 'accepted in another text');
  const { persons } = checkPolicySignatures(policy, original.policy);
  assert.ok(policy.text === original.text || persons.length === 0, 'signatures hold over another policy');
  const chain = attempt(CHAIN_CODES, () => verifyPolicyChain([policy], pins));
  if ('accepted' in chain) assert.equal(policy.text, original.text, 'another policy is trusted');
}
