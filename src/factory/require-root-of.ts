import { CountersignError } from '../errors.js';
import type { Root } from '../tuf/index.js';
import type { Repository } from './repository.js';

/** The server makes roots 1 and 2, the same for both repositories; an owner's roots begin here. */
const FIRST_OWNED_VERSION = 3;

export function isOwned(version: number): boolean {
  return version >= FIRST_OWNED_VERSION;
}

/**
 * Tells the roots of the two repositories apart. From version 3 on they share keys and version and differ in one number: CI
 * targets need one signature, production targets two or more. Whoever hands one over as the other has signatures of the
 * root keys for it, so nothing else would show it; and a signer that took the CI root for the production root once would
 * refuse the right one ever after.
 *
 * @throws ROOT_NOT_TRUSTED
 */
export function requireRootOf(repository: Repository, { roles, version }: Root): void {
  if (!isOwned(version)) return;
  const threshold = Object.hasOwn(roles, 'targets') ? roles['targets']?.threshold : undefined;
  const fits = repository === 'ci' ? threshold === 1 : threshold !== undefined && threshold >= 2;
  if (fits) return;
  throw new CountersignError(
    'ROOT_NOT_TRUSTED',
    `root version ${version} has the targets threshold ${threshold ?? 'none'} and is no ${repository} root`,
    {
      pointer: '/signed/roles/targets/threshold',
      hint: 'the CI root has 1, the production root 2 or more; one was handed over as the other',
      details: { repository, version },
    },
  );
}
