import { CountersignError } from '../errors.js';
import { verifySshSignature, type Namespace } from '../approval/index.js';
import { findOfficerByKey, type SignedPolicy } from '../policy/index.js';

/**
 * Whose signature this is: it verifies over the message in that namespace, and its key is an officer's.
 *
 * @throws SSHSIG_INVALID, SSHSIG_NAMESPACE, SSHSIG_MISMATCH, SSHSIG_USER_PRESENCE, OFFICER_UNKNOWN
 */
export function findOfficer(
  { policy }: SignedPolicy,
  signed: { armored: string; namespace: Namespace; message: string },
): { person: string; fingerprint: string } {
  const { publicKey } = verifySshSignature({ ...signed, message: Buffer.from(signed.message, 'utf8') });
  const { fingerprint } = publicKey;
  const officer = findOfficerByKey(policy, publicKey);
  if (officer !== null) return { person: officer.person, fingerprint };
  throw new CountersignError('OFFICER_UNKNOWN', `the key ${fingerprint} belongs to no officer of the policy`, {
    hint: 'Sign with a key that the policy names; see countersign policy show.',
    details: { fingerprint, policyVersion: policy.version },
  });
}
