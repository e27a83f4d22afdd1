import { CountersignError } from '../../errors.js';
import { encodeCanonical, type Root } from '../../tuf/index.js';
import { findJsonDifference } from '../json-difference.js';
import { jsonPointer } from '../json-pointer.js';
import { inferChangelog } from './infer-changelog.js';
import { inferKeyChanges } from './infer-key-changes.js';
import { inferOnlineKeys, type OnlineKeyids } from './infer-online-keys.js';
import { rootAsJson } from './narrow-root.js';
import { inheritedThreshold, planRootUpdate } from './plan-root.js';
import { requireThresholds } from './require-thresholds.js';
import { requireSameRoots, type RootBase } from './root-base.js';
import type { RootChange } from './root-change.js';
import { writeRootChanges } from './root-intent.js';
import { isSameKey } from './root-keys.js';

/** Roots to take the place of those in force, signed or not. */
export interface ProposedRoots {
  readonly ci: Root;
  readonly production: Root;
}

/**
 * Reads from proposed roots which changes they make to their base. The changes reproduce both, byte for byte; what no change
 * can say is refused and named, never passed over. Which documents are signed again stands in no root: see
 * `chooseReSigned`.
 *
 * @param generated the online keys that the Factory itself says it made for this update; any other stays as it is
 * @throws ROOT_VERSION_INVALID, ROOTS_DIFFER, ROOT_CHANGELOG_MISSING, ROOT_CI_THRESHOLD, ROOT_PRODUCTION_THRESHOLD,
 *   ROOT_THRESHOLD_UNREACHABLE, ROOT_ONLINE_KEY, ROOT_KEY_CHANGED, ROOT_KEY_REUSED, ROOT_OWNER_STALE
 * @throws ROOT_CHANGE_INEXPRESSIBLE a member, or a difference from the base, that no change makes
 */
export function diffRoot(base: RootBase, proposed: ProposedRoots, generated: OnlineKeyids = {}): RootChange[] {
  const { ci, production } = proposed;
  requireNextVersion(base, proposed);
  requireSameRoots(ci, production);
  const onlineKeys = inferOnlineKeys(base, ci, generated);
  const onlineTargetsKeyid = onlineKeys.find(({ role }) => role === 'targets')?.new.keyid ?? base.onlineTargetsKeyid;
  requireThresholds({ ci, production, onlineTargetsKeyid });
  requireKeysAsBefore(base.ci, ci);
  requireOwnersOfKeys(ci);
  const threshold = (root: Root, role: string): number | undefined => root.roles[role]?.threshold;
  const rootThreshold = threshold(ci, 'root');
  const productionThreshold = threshold(production, 'targets');
  const changes = writeRootChanges({
    onlineKeys,
    keys: inferKeyChanges(base, ci, onlineTargetsKeyid),
    rootThreshold: rootThreshold === undefined || rootThreshold === threshold(base.ci, 'root') ? null : rootThreshold,
    productionThreshold:
      productionThreshold === undefined || productionThreshold === inheritedThreshold(base)
        ? null
        : productionThreshold,
    expires: ci.expires === base.ci.expires ? null : ci.expires,
    changelog: inferChangelog(ci),
    reSign: [],
    adopt: [],
  });
  const made = planRootUpdate(changes, base);
  requireReproduced(made.ci, ci);
  requireReproduced(made.production, production);
  return changes;
}

function requireNextVersion(base: RootBase, { ci }: ProposedRoots): void {
  const expected = base.ci.version + 1;
  if (ci.version === expected) return;
  throw new CountersignError(
    'ROOT_VERSION_INVALID',
    `root version ${base.ci.version} is followed by ${expected}, not by ${ci.version}`,
    { pointer: jsonPointer('signed', 'version'), details: { version: ci.version, expected } },
  );
}

/** Shown another key under a known keyid, whoever signs by keyid would sign for a stranger (foundries.md §1.7). */
function requireKeysAsBefore(before: Root, { keys }: Root): void {
  for (const [keyid, key] of Object.entries(keys)) {
    const known = Object.hasOwn(before.keys, keyid) ? before.keys[keyid] : undefined;
    if (known === undefined || isSameKey(known, key)) continue;
    throw new CountersignError('ROOT_KEY_CHANGED', `another key stands under the keyid ${keyid}`, {
      pointer: jsonPointer('signed', 'keys', keyid, 'keyval', 'public'),
      details: { keyid },
    });
  }
}

function requireOwnersOfKeys({ keys, 'x-key-owners': owners = {} }: Root): void {
  const stale = Object.keys(owners).find((keyid) => !Object.hasOwn(keys, keyid));
  if (stale === undefined) return;
  throw new CountersignError('ROOT_OWNER_STALE', `x-key-owners names ${stale}, which is no key of the root`, {
    pointer: jsonPointer('signed', 'x-key-owners', stale),
    hint: 'a key that leaves the root takes its owner with it',
    details: { keyid: stale },
  });
}

function requireReproduced(made: Root, proposed: Root): void {
  if (encodeCanonical(made).equals(encodeCanonical(proposed))) return;
  throw new CountersignError('ROOT_CHANGE_INEXPRESSIBLE', 'the proposed root has something that no change makes', {
    pointer: findJsonDifference(rootAsJson(proposed), rootAsJson(made), ['signed']) ?? '',
    hint: 'fioctl keeps the members it knows, appends new keys to their role and leaves everything else as it was',
  });
}
