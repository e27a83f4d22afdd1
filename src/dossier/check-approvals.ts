import {
  NAMESPACES,
  type Namespace,
  parseSshSignature,
  type SshPublicKey,
  type SshSignature,
  verifySshSignature,
} from '../approval/index.js';
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
    const signed = readSignature({ armored, namespace: NAMESPACES.approve, message: statementBytes });
    if (seen.has(signed.identity)) {
      throw new CountersignError('APPROVAL_DUPLICATE', `approval ${index + 1} stands in the dossier before`, {
        details: { approval: index + 1 },
      });
    }
    seen.add(signed.identity);
    const by = officerOf(signed, policy);
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
export function findSigner(signed: SignedMessage, policy: Policy): SignedBy {
  return officerOf(readSignature(signed), policy);
}

interface SignedMessage {
  readonly armored: string;
  readonly namespace: Namespace;
  readonly message: Buffer;
}

/** What an armored signature names, though nothing may prove it. */
interface Claims extends Pick<SignedBy, 'fingerprint' | 'algorithm'> {
  /** The same for two armors of one signature that differ in their line breaks only. */
  readonly identity: string;
}

/** Whose key made a signature over a message, whoever a policy says holds it; null if it does not hold. */
type ReadSignature = Claims &
  ({ readonly publicKey: SshPublicKey } | { readonly publicKey: null; readonly why: NotCounted });

/** Parsed once: an approval's identity, and who made it, come from the same reading. */
function readSignature(signed: SignedMessage): ReadSignature {
  try {
    const signature = verifySshSignature(signed);
    return { ...claimsOf(signature), publicKey: signature.publicKey };
  } catch (error) {
    return { ...claimsIn(signed.armored), publicKey: null, why: reasonOf(error) };
  }
}

function officerOf(signed: ReadSignature, policy: Policy): SignedBy {
  const { fingerprint, algorithm } = signed;
  const by = { fingerprint, algorithm };
  if (signed.publicKey === null) return { person: null, ...by, why: signed.why };
  const person = findOfficerByKey(policy, signed.publicKey)?.person ?? null;
  return person === null ? { person, ...by, why: 'unknown-key' } : { person, ...by };
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

function claimsOf({ publicKey, signature }: SshSignature): Claims {
  const { fingerprint, algorithm } = publicKey;
  return { fingerprint, algorithm, identity: `${fingerprint} ${signature.toString('base64')}` };
}

function claimsIn(armored: string): Claims {
  try {
    return claimsOf(parseSshSignature(armored));
  } catch (error) {
    if (isCountersignError(error)) return { fingerprint: '', algorithm: '', identity: armored };
    throw error;
  }
}
