import { NAMESPACES, parseSshSignature, verifySshSignature, type Namespace } from '../approval/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import { findOfficerByKey, type KindRules, type Policy } from '../policy/index.js';
import type { Statement } from './statement.js';
import type { CheckedApproval, NotCounted, Quorum } from './verified-dossier.js';

/** Who made a signature, as far as it could be found out. */
export interface SignedBy {
  readonly person: string | null;
  readonly fingerprint: string;
  readonly algorithm: string;
  readonly why?: NotCounted;
}

/**
 * Looks at every approval and says which count. One that does not (a stranger's, of another statement, the
 * requester's own) is reported and takes nothing from the others.
 *
 * @param statementBytes what each approval has to sign
 * @throws APPROVAL_DUPLICATE one and the same approval twice: somebody tried to count it twice
 */
export function checkApprovals(
  sshsigs: readonly string[],
  statement: Statement,
  statementBytes: Buffer,
  policy: Policy,
  rules: KindRules,
): { approvals: CheckedApproval[]; quorum: Quorum } {
  const seen = new Set<string>();
  const persons: string[] = [];
  const approvals = sshsigs.map((armored, index): CheckedApproval => {
    const identity = approvalIdentity(armored);
    if (seen.has(identity)) {
      throw new CountersignError('APPROVAL_DUPLICATE', `approval ${index + 1} stands in the dossier before`, {
        details: { approval: index + 1 },
      });
    }
    seen.add(identity);
    const by = findSigner({ armored, namespace: NAMESPACES.approve, message: statementBytes }, policy);
    if (by.person === null) return { ...by, counted: false };
    if (isSamePerson(by.person, statement.requester.name)) return { ...by, counted: false, why: 'requester' };
    if (persons.includes(by.person)) return { ...by, counted: false, why: 'duplicate-person' };
    persons.push(by.person);
    return { ...by, counted: true };
  });
  const needed = rules.quorum;
  return {
    approvals,
    quorum: { needed, persons, missing: Math.max(0, needed - persons.length), singleOfficer: rules.singleOfficer },
  };
}

/**
 * The officer who made a signature, or the reason why it is nobody's.
 */
export function findSigner(
  signed: { readonly armored: string; readonly namespace: Namespace; readonly message: Buffer },
  policy: Policy,
): SignedBy {
  try {
    const { publicKey } = verifySshSignature(signed);
    const { fingerprint, algorithm } = publicKey;
    const person = findOfficerByKey(policy, publicKey)?.person ?? null;
    return person === null
      ? { person, fingerprint, algorithm, why: 'unknown-key' }
      : { person, fingerprint, algorithm };
  } catch (error) {
    return { person: null, ...claimedKey(signed.armored), why: reasonOf(error) };
  }
}

/** Names are compared without case: the requester's comes from the service, which could write it as it likes. */
function isSamePerson(person: string, requester: string): boolean {
  return person.toLowerCase() === requester.toLowerCase();
}

function reasonOf(error: unknown): NotCounted {
  if (isCountersignError(error, 'SSHSIG_INVALID')) return 'malformed';
  if (isCountersignError(error, 'SSHSIG_NAMESPACE')) return 'other-namespace';
  if (isCountersignError(error, 'SSHSIG_MISMATCH')) return 'mismatch';
  if (isCountersignError(error, 'SSHSIG_USER_PRESENCE')) return 'no-touch';
  throw error;
}

/** The key that a signature names, though nothing proves it. */
function claimedKey(armored: string): { fingerprint: string; algorithm: string } {
  try {
    const { fingerprint, algorithm } = parseSshSignature(armored).publicKey;
    return { fingerprint, algorithm };
  } catch (error) {
    if (isCountersignError(error)) return { fingerprint: '', algorithm: '' };
    throw error;
  }
}

/** The same for two armors of one signature that differ in their line breaks only. */
function approvalIdentity(armored: string): string {
  try {
    const { publicKey, signature } = parseSshSignature(armored);
    return `${publicKey.fingerprint} ${signature.toString('base64')}`;
  } catch (error) {
    if (isCountersignError(error)) return armored;
    throw error;
  }
}
