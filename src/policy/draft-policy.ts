import { parseWithSchema } from '../approval/index.js';
import { type Policy, policySchema } from './policy-schema.js';
import { signedPolicy } from './signed-policy.js';

/** What people decide. Nothing in it has a default: a quorum is never assumed. */
export type PolicyDraft = Omit<Policy, '_type' | 'spec'>;

/**
 * Writes a policy version. Sign its text (`signedPolicy(policy).text`) next.
 *
 * @throws POLICY_INVALID it breaks a rule; `pointer` names the member of the draft
 */
export function draftPolicy(draft: PolicyDraft): Policy {
  const policy = { _type: 'countersign/policy', ...draft, spec: 1 };
  return signedPolicy(parseWithSchema(policySchema, policy, { code: 'POLICY_INVALID', what: 'policy' })).policy;
}
