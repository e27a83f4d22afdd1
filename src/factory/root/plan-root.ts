import { CountersignError } from '../../errors.js';
import type { Root } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import { isOwned } from '../require-root-of.js';
import { narrowRoot } from './narrow-root.js';
import { requireRootBase, type RootBase } from './root-base.js';
import type { RootChange } from './root-change.js';
import { readRootChanges, type RootIntent } from './root-intent.js';
import { RootKeys } from './root-keys.js';
import type { RootPlan } from './root-plan.js';
import { LEAST_PRODUCTION_THRESHOLD, requireThresholds } from './require-thresholds.js';

/**
 * Works a root update out by the rules of fioctl's `keys tuf` commands (foundries.md §3, §5); applyRootChanges, diffRoot and
 * describeRootChanges all read this one plan. Pointers of errors point into the roots it makes.
 *
 * @throws INPUT_INVALID, ROOT_EXPIRES_INVALID, ROOT_CHANGELOG_MISSING the changes are not well written
 * @throws ROOT_NOT_TRUSTED, ROOTS_DIFFER, METADATA_INVALID the base is none
 * @throws ROOT_VERSION_INVALID, ROOT_ONLINE_KEY, ROOT_KEY_UNKNOWN, ROOT_KEY_REUSED, KEY_INVALID
 * @throws ROOT_THRESHOLD_UNREACHABLE, ROOT_CI_THRESHOLD, ROOT_PRODUCTION_THRESHOLD
 */
export function planRootUpdate(changes: readonly RootChange[], base: RootBase): RootPlan {
  const intent = readRootChanges(changes);
  requireRootBase(base);
  const version = nextVersion(base);
  const body = narrowRoot(base.ci);
  const keys = new RootKeys(body);
  const onlineTargetsKeyid = changeKeys(keys, intent, base.onlineTargetsKeyid);
  if (intent.rootThreshold !== null) keys.setThreshold('root', intent.rootThreshold);
  const { polisId, message, timestamp } = intent.changelog;
  const rootOf = (): Root => ({
    _type: body._type,
    consistent_snapshot: body.consistent_snapshot,
    expires: intent.expires ?? body.expires,
    version,
    'x-changelog': { 'polis-id': polisId, message, timestamp },
    ...keys.members(),
  });
  const ci = rootOf();
  keys.setThreshold('targets', intent.productionThreshold ?? inheritedThreshold(base));
  const production = rootOf();
  requireThresholds({ ci, production, onlineTargetsKeyid });
  return { intent, ci, production, onlineTargetsKeyid };
}

/** The production threshold of targets that comes about without a change of it: the first owned root has the least. */
export function inheritedThreshold({ production }: RootBase): number {
  return Math.max(LEAST_PRODUCTION_THRESHOLD, production.roles['targets']?.threshold ?? 0);
}

function nextVersion({ ci }: RootBase): number {
  const version = ci.version + 1;
  if (isOwned(version)) return version;
  throw new CountersignError('ROOT_VERSION_INVALID', `root version ${version} is made by the Factory alone`, {
    pointer: jsonPointer('signed', 'version'),
    details: { version },
  });
}

/** @returns the online targets key afterwards */
function changeKeys(keys: RootKeys, { onlineKeys, keys: changes }: RootIntent, online: string): string {
  let onlineNow = online;
  for (const { role, old, new: key } of onlineKeys) {
    if (role === 'targets') {
      if (old !== online) throw onlineKey(`${old} is not the online targets key`, old);
      onlineNow = key.keyid;
    }
    keys.replaceInPlace(role, old, key);
  }
  for (const change of changes) {
    if (change.op !== 'add-key') {
      if (change.role === 'targets' && (change.old === online || change.old === onlineNow)) {
        throw onlineKey('the online targets key stays; only the Factory replaces it', change.old);
      }
      keys.remove(change.role, change.old);
    }
    if (change.op !== 'remove-key') keys.add(change.role, change.new, change.owner);
  }
  return onlineNow;
}

function onlineKey(message: string, keyid: string): CountersignError {
  return new CountersignError('ROOT_ONLINE_KEY', message, {
    pointer: jsonPointer('signed', 'roles', 'targets', 'keyids'),
    details: { keyid },
  });
}
