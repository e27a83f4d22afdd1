import { CountersignError } from '../errors.js';
import { verifyPolicySignatures } from './policy-signatures.js';
import type { SignedPolicy } from './signed-policy.js';

/**
 * Verifies a chain of policies from version 1 on, like a chain of TUF roots: version 1 is the pinned one and
 * signed by all its officers; each later one counts one up, names the digest of the one before and carries
 * signatures by the quorum of that one.
 *
 * @param policies version 1 first, none left out
 * @param pins `policySha256`: hex SHA-256 of version 1's `signed` text, from the verifier's own file
 * @returns the last one, which is in force
 * @throws POLICY_NOT_PINNED another version 1; POLICY_CHAIN_BROKEN a gap, a fork or an empty chain; POLICY_NOT_SIGNED
 */
export function verifyPolicyChain(
  policies: readonly SignedPolicy[],
  { policySha256 }: { readonly policySha256: string },
): SignedPolicy {
  const [first, ...later] = policies;
  if (first === undefined) throw broken('there is no policy at all', {});
  const { version } = first.policy;
  if (version !== 1) throw broken(`the first policy is version ${version} instead of 1`, { version });
  if (first.sha256 !== policySha256) {
    throw new CountersignError('POLICY_NOT_PINNED', `policy version 1 is ${first.sha256}, not the pinned one`, {
      hint: 'do not pin this one instead unless its officers told you the digest themselves',
      details: { sha256: first.sha256, pinned: policySha256 },
    });
  }
  verifyPolicySignatures(first, first.policy);
  return later.reduce(verifyNext, first);
}

function verifyNext(trusted: SignedPolicy, next: SignedPolicy): SignedPolicy {
  const { version, previous } = next.policy;
  if (version !== trusted.policy.version + 1) {
    throw broken(`policy version ${version} follows version ${trusted.policy.version}`, { version });
  }
  if (previous !== trusted.sha256) {
    throw broken(`policy version ${version} was written for another version ${trusted.policy.version}`, { version });
  }
  verifyPolicySignatures(next, trusted.policy);
  return next;
}

function broken(message: string, details: Record<string, number>): CountersignError {
  return new CountersignError('POLICY_CHAIN_BROKEN', message, {
    hint: 'give every version once, version 1 first',
    details,
  });
}
