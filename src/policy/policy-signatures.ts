import { NAMESPACES } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import { checkOfficerSignatures, type OfficerSignaturesCheck } from './officer-signatures.js';
import type { Policy } from './policy-schema.js';
import type { SignedPolicy } from './signed-policy.js';

export interface PolicySignaturesCheck extends OfficerSignaturesCheck {
  /** How many persons must have signed. */
  readonly needed: number;
  readonly satisfied: boolean;
}

/**
 * Who signed a policy. Version 1 needs every officer it names; a later version needs the quorum for kind
 * `policy` of the version before, among the officers of that version: newcomers do not vote themselves in.
 *
 * @param by the version before. Version 1 is judged by itself, whatever is given. That `by` really is the
 *   version before is for `verifyPolicyChain`; this only counts.
 */
export function checkPolicySignatures(signed: SignedPolicy, by: Policy): PolicySignaturesCheck {
  const isFirst = signed.policy.version === 1;
  const judge = isFirst ? signed.policy : by;
  const needed = isFirst ? judge.officers.length : judge.kinds.policy.quorum;
  const check = checkOfficerSignatures(signed, NAMESPACES.policy, judge);
  return { needed, ...check, satisfied: check.persons.length >= needed };
}

/** As {@link checkPolicySignatures}. @throws POLICY_NOT_SIGNED not enough of the right officers */
export function verifyPolicySignatures(signed: SignedPolicy, by: Policy): void {
  const { needed, persons, missing, invalid, satisfied } = checkPolicySignatures(signed, by);
  if (satisfied) return;
  const { version } = signed.policy;
  throw new CountersignError(
    'POLICY_NOT_SIGNED',
    `policy version ${version} needs the signatures of ${needed} officers and has ${persons.length}`,
    {
      pointer: '/signatures',
      hint: `have it signed (countersign policy sign) by ${missing.join(', ')}`,
      details: {
        version,
        needed,
        persons,
        missing,
        invalid: invalid.map(({ person, reason }) => `${person}: ${reason}`),
      },
    },
  );
}
