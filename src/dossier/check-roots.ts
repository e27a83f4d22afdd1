import { CountersignError } from '../errors.js';
import { requireRootOf, type Repository } from '../factory/index.js';
import type { PolicyFactory } from '../policy/index.js';
import { verifyRootChain, type RootMetadata } from '../tuf/index.js';
import { pinnedRoot, type Pins } from './pins.js';

/**
 * Verifies the root chain of one repository, from the pinned first root to the last one in the dossier.
 * CI and production chains begin with the same root: the server makes the first ones for both.
 * Whether the last root has expired is judged later, with the other times.
 *
 * @returns the last root
 * @throws PINS_MISSING the verifier trusts no root of this Factory
 * @throws ROOT_NOT_TRUSTED the policy or the chain begins with another root than the pinned one, or a root is of the other repository
 * @throws VERSION_GAP, VERSION_ROLLBACK, THRESHOLD_NOT_MET and what else verifyRootChain throws
 */
export function checkRootChain(
  repository: Repository,
  chain: readonly RootMetadata[],
  factory: PolicyFactory,
  pins: Pins,
): RootMetadata {
  const trustedSha256 = pinnedRoot(pins, factory.name);
  const details = { factory: factory.name, repository };
  if (factory.firstRoot.sha256 !== trustedSha256) {
    throw new CountersignError(
      'ROOT_NOT_TRUSTED',
      `the policy begins the chain of ${factory.name} at a root that is not the pinned one`,
      {
        details,
      },
    );
  }
  const first = chain[0];
  if (first === undefined)
    throw new CountersignError('DOSSIER_INVALID', `the ${repository} root chain is missing`, { details });
  if (first.signed.version !== factory.firstRoot.version) {
    throw new CountersignError(
      'ROOT_NOT_TRUSTED',
      `the ${repository} root chain begins with version ${first.signed.version}, the policy with ${factory.firstRoot.version}`,
      { details },
    );
  }
  const last = verifyRootChain([...chain], { trustedSha256 });
  for (const { signed } of chain) requireRootOf(repository, signed);
  return last;
}
