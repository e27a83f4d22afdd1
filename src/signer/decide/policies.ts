import { CountersignError } from '../../errors.js';
import { serializePolicy, type SignedPolicy } from '../../policy/index.js';
import type { JournalBodyOf, SignerState } from '../journal/index.js';

/**
 * The policies of a verified chain that the journal does not know yet. A chain that ends before the journal's policy would bring
 * officers back who are none any more; one that differs somewhere was signed twice at that version.
 *
 * @param chain verified, version 1 first
 * @throws VERSION_ROLLBACK, POLICY_CHAIN_BROKEN
 */
export function newPolicies(chain: readonly SignedPolicy[], state: SignerState): JournalBodyOf<'policy'>[] {
  const known = state.policies;
  if (chain.length < known.length) {
    throw new CountersignError(
      'VERSION_ROLLBACK',
      `policy version ${chain.length} is older than the known ${known.length}`,
      {
        hint: 'ask for it again under the policy in force',
        details: { document: 'policy', version: chain.length, known: known.length },
      },
    );
  }
  known.forEach(({ sha256 }, index) => {
    if (chain[index]?.sha256 === sha256) return;
    throw new CountersignError('POLICY_CHAIN_BROKEN', `policy version ${index + 1} is another one than the known`, {
      hint: 'two policies of this version were signed; the officers have to find out why',
      details: { version: index + 1, known: sha256 },
    });
  });
  return chain.slice(known.length).map((policy) => ({
    type: 'policy',
    version: policy.policy.version,
    sha256: policy.sha256,
    text: serializePolicy(policy),
  }));
}
