import { NAMESPACES, verifySshSignature } from '../approval/index.js';
import { CountersignError, type ErrorCode, isCountersignError } from '../errors.js';
import { findOfficerByKey } from './lookups.js';
import type { Policy } from './policy-schema.js';
import type { PolicySignature, SignedPolicy } from './signed-policy.js';

export interface PolicySignaturesCheck {
  /** How many persons must have signed. */
  readonly needed: number;
  /** Who did, each once, in the order of the signatures. */
  readonly persons: readonly string[];
  /** The other officers, who still could. */
  readonly missing: readonly string[];
  /** Signatures that do not count. They take nothing from the others. */
  readonly invalid: readonly { readonly person: string; readonly code: ErrorCode; readonly reason: string }[];
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
  const persons = new Set<string>();
  const invalid: PolicySignaturesCheck['invalid'][number][] = [];
  for (const signature of signed.signatures) {
    try {
      persons.add(verifyPolicySignature(signed.text, signature, judge));
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      invalid.push({ person: signature.person, code: error.code, reason: error.message });
    }
  }
  const needed = isFirst ? judge.officers.length : judge.kinds.policy.quorum;
  const missing = judge.officers.map(({ person }) => person).filter((person) => !persons.has(person));
  return { needed, persons: [...persons], missing, invalid, satisfied: persons.size >= needed };
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

/** @returns the person whose key it is */
function verifyPolicySignature(text: string, { person, sshsig }: PolicySignature, judge: Policy): string {
  const { publicKey } = verifySshSignature({
    armored: sshsig,
    namespace: NAMESPACES.policy,
    message: Buffer.from(text, 'utf8'),
  });
  const owner = findOfficerByKey(judge, publicKey)?.person;
  if (owner === undefined || owner !== person) {
    const { fingerprint } = publicKey;
    throw new CountersignError(
      'OFFICER_UNKNOWN',
      `in policy version ${judge.version} the key ${fingerprint} is ${owner === undefined ? 'nobody' : owner}'s`,
      { details: { fingerprint, version: judge.version } },
    );
  }
  return owner;
}
