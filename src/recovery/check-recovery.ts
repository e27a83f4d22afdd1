import { NAMESPACES } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import {
  checkOfficerSignatures,
  kindOf,
  type OfficerSignature,
  type OfficerSignaturesCheck,
  type SignedPolicy,
  verifyPolicyChain,
} from '../policy/index.js';
import type { RecoveryFile } from './recovery-file.js';

export interface RecoverySignaturesCheck extends OfficerSignaturesCheck {
  readonly needed: number;
  readonly satisfied: boolean;
}

/** A recovery's text with the signatures over it. */
export interface SignedRecovery {
  readonly text: string;
  readonly signatures: readonly OfficerSignature[];
}

/**
 * Who approved a recovery. It takes what a new policy takes: who could change the policy could change everything anyway.
 *
 * @param policy the one in force
 */
export function checkRecoverySignatures(signed: SignedRecovery, { policy }: SignedPolicy): RecoverySignaturesCheck {
  const needed = kindOf(policy, 'policy').quorum;
  const check = checkOfficerSignatures(signed, NAMESPACES.recover, policy);
  return { needed, ...check, satisfied: check.persons.length >= needed };
}

/** As {@link checkRecoverySignatures}. @throws QUORUM_NOT_MET */
export function requireRecoveryApproved(signed: SignedRecovery, policy: SignedPolicy): RecoverySignaturesCheck {
  const check = checkRecoverySignatures(signed, policy);
  if (check.satisfied) return check;
  const { needed, persons, missing, invalid } = check;
  throw new CountersignError(
    'QUORUM_NOT_MET',
    `the recovery needs the signatures of ${needed} officers and has ${persons.length}`,
    {
      pointer: '/signatures',
      hint: `have it signed (countersign signer recover sign) by ${missing.join(', ')}`,
      details: { needed, persons, missing, invalid: invalid.map(({ person, reason }) => `${person}: ${reason}`) },
    },
  );
}

/**
 * The policy that decides on a recovery, as an officer's machine finds it from its own pins.
 *
 * @throws RECOVERY_INVALID it names another service or another policy than the chain beside it; POLICY_*
 */
export function policyOfRecovery(
  { recovery, policies }: RecoveryFile,
  pins: { readonly policySha256: string },
): SignedPolicy {
  const policy = verifyPolicyChain(policies, pins);
  const { service, policy: named } = recovery;
  if (service === pins.policySha256 && named.sha256 === policy.sha256 && named.version === policy.policy.version) {
    return policy;
  }
  throw new CountersignError('RECOVERY_INVALID', 'the recovery names another service or policy than is beside it', {
    pointer: '/signed',
    details: { service, policy: named.sha256 },
  });
}
