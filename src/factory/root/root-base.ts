import { CountersignError } from '../../errors.js';
import type { Root } from '../../tuf/index.js';
import { findJsonDifference } from '../json-difference.js';
import { jsonPointer } from '../json-pointer.js';
import { isOwned, requireRootOf } from '../require-root-of.js';
import { rootAsJson } from './narrow-root.js';

/** The roots in force that an update builds on, verified by the caller. Before version 3 both are the same document. */
export interface RootBase {
  readonly ci: Root;
  readonly production: Root;
  /** Of the Factory's own key in the targets role: the one that signed the CI targets. */
  readonly onlineTargetsKeyid: string;
}

/**
 * @throws ROOT_NOT_TRUSTED a root is not of its repository
 * @throws ROOTS_DIFFER they differ in more than the targets threshold
 * @throws ROOT_ONLINE_KEY the online targets key is none of the targets role
 */
export function requireRootBase({ ci, production, onlineTargetsKeyid }: RootBase): void {
  requireRootOf('ci', ci);
  requireRootOf('production', production);
  requireSameRoots(ci, production);
  if (ci.roles['targets']?.keyids.includes(onlineTargetsKeyid) === true) return;
  throw new CountersignError('ROOT_ONLINE_KEY', 'the online targets key is none of the targets role', {
    pointer: jsonPointer('signed', 'roles', 'targets', 'keyids'),
    details: { keyid: onlineTargetsKeyid },
  });
}

/**
 * CI root and production root of one version are one document but for the threshold of targets.
 *
 * @throws ROOTS_DIFFER
 */
export function requireSameRoots(ci: Root, production: Root): void {
  const threshold = ci.roles['targets']?.threshold;
  const targets = production.roles['targets'];
  const evened: Root =
    threshold === undefined || targets === undefined || !isOwned(production.version)
      ? production
      : { ...production, roles: { ...production.roles, targets: { ...targets, threshold } } };
  const pointer = findJsonDifference(rootAsJson(ci), rootAsJson(evened), ['signed']);
  if (pointer === null) return;
  throw new CountersignError(
    'ROOTS_DIFFER',
    'the CI root and the production root differ in more than the targets threshold',
    { pointer, hint: 'fioctl makes the production root by copying the CI root; so must whoever proposes both' },
  );
}
