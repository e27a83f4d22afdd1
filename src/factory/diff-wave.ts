import { CountersignError } from '../errors.js';
import { encodeCanonical, parseTime, type JsonValue, type TargetEntry, type Targets } from '../tuf/index.js';
import { applyWave } from './apply-wave.js';
import { inferPruned } from './infer-pruned.js';
import { inferSourceTag } from './infer-source-tag.js';
import { findJsonDifference } from './json-difference.js';
import { jsonPointer } from './json-pointer.js';
import { requireHigherVersion, requireTag, targetExists, type WaveBase } from './plan-wave.js';
import { findCiTargets, withTag } from './select-ci-targets.js';
import { entryVersion, findEntry, narrowEntry } from './target-entry.js';
import { writeWaveChanges, type WaveChange } from './wave-change.js';

const SIGNED_MEMBERS = new Set(['_type', 'expires', 'targets', 'version']);
const ENTRY_MEMBERS = new Set(['length', 'hashes', 'custom']);

/**
 * Reads from a submitted unsigned Wave which changes it makes to its base. The changes reproduce the
 * submitted document byte for byte; what no change can say is refused and named, never passed over.
 *
 * @param submitted `signed` of the submitted targets metadata
 * @throws WAVE_CHANGE_INEXPRESSIBLE a member, or a difference from production, that no change makes
 * @throws WAVE_ENTRY_MISMATCH an added entry is not the CI entry with the tag in place of its tags
 * @throws WAVE_VERSION_NOT_HIGHER, WAVE_VERSION_UNKNOWN, WAVE_NO_TARGETS, WAVE_TARGET_EXISTS,
 *   WAVE_PRUNE_SELF, WAVE_EXPIRES_INVALID, INPUT_INVALID
 */
export function diffWave(submitted: Targets, tag: string, base: WaveBase): WaveChange[] {
  requireTag(tag);
  requireShape(submitted);
  const { version, expires } = submitted;
  const production = base.productionTargets;
  requireHigherVersion(version, production, jsonPointer('signed', 'version'));

  const candidates = findCiTargets(base.ciTargets, version);
  const added = new Set<string>();
  for (const [name, entry] of Object.entries(submitted.targets)) {
    const published = production === null ? null : findEntry(production, name);
    if (published === null) {
      requireCiEntry(name, entry, { candidates, base, tag, version });
      added.add(name);
    } else {
      requireUnchanged(name, entry, published, { candidates, tag });
    }
  }
  requireSomeAdded(added, candidates, version);
  const changes = writeWaveChanges({
    version,
    sourceTag: inferSourceTag(added, candidates, version),
    pruned: inferPruned(submitted, production),
    expires,
  });
  // Each rule above stands for one reason to refuse; this one holds whatever they might have missed.
  if (!applyWave(changes, tag, base).equals(encodeCanonical(submitted))) {
    throw new CountersignError(
      'CHANGES_DO_NOT_REPRODUCE',
      'the changes found make another document than the one given',
    );
  }
  return changes;
}

function requireShape(submitted: Targets): void {
  for (const member of Object.keys(submitted)) {
    if (SIGNED_MEMBERS.has(member)) continue;
    throw inexpressible(`${JSON.stringify(member)} is no member of a Wave's targets`, ['signed', member], {
      hint: 'fioctl drops members it does not know before it signs, so a Wave has none of them.',
    });
  }
  if (parseTime(submitted.expires) === undefined) {
    throw new CountersignError('WAVE_EXPIRES_INVALID', 'expires is written like 2027-11-22T16:26:20Z', {
      pointer: jsonPointer('signed', 'expires'),
    });
  }
  for (const [name, entry] of Object.entries(submitted.targets)) {
    const unknown = Object.keys(entry).find((member) => !ENTRY_MEMBERS.has(member));
    if (unknown === undefined) continue;
    throw inexpressible(`${JSON.stringify(unknown)} is no member of a Target`, ['signed', 'targets', name, unknown], {
      target: name,
    });
  }
}

interface CiLookup {
  readonly candidates: ReadonlyMap<string, TargetEntry>;
  readonly base: WaveBase;
  readonly tag: string;
  readonly version: number;
}

function requireCiEntry(name: string, entry: TargetEntry, { candidates, base, tag, version }: CiLookup): void {
  const path = ['signed', 'targets', name];
  const label = `Target ${JSON.stringify(name)}`;
  const ciEntry = candidates.get(name);
  if (ciEntry === undefined) {
    const elsewhere = findEntry(base.ciTargets, name);
    if (elsewhere === null) throw mismatch(`${label} is not in the CI targets`, jsonPointer(...path), name);
    const itsVersion = entryVersion(elsewhere);
    throw mismatch(
      itsVersion === null
        ? `${label} has no custom.version that is a text in the CI targets, so it belongs to no version`
        : `${label} belongs to version ${JSON.stringify(itsVersion)} in the CI targets, not to ${version}`,
      jsonPointer(...path, ...(entry.custom === undefined ? [] : ['custom', 'version'])),
      name,
    );
  }
  const difference = differenceOf(entry, withTag(ciEntry, tag), path);
  if (difference === null) return;
  const aboutTags =
    difference === jsonPointer(...path, 'custom', 'tags') ||
    difference.startsWith(jsonPointer(...path, 'custom', 'tags', ''));
  throw mismatch(
    aboutTags ? `${label} must have exactly the tag ${tag}` : `${label} differs from its entry in the CI targets`,
    difference,
    name,
  );
}

function requireUnchanged(
  name: string,
  entry: TargetEntry,
  published: TargetEntry,
  { candidates, tag }: Pick<CiLookup, 'candidates' | 'tag'>,
): void {
  const difference = differenceOf(entry, narrowEntry(published), ['signed', 'targets', name]);
  if (difference === null) return;
  if (candidates.has(name)) throw targetExists(name, tag);
  throw new CountersignError(
    'WAVE_CHANGE_INEXPRESSIBLE',
    `Target ${JSON.stringify(name)} differs from what is in production; a Wave adds and prunes, it changes nothing`,
    { pointer: difference, details: { target: name } },
  );
}

function requireSomeAdded(
  added: ReadonlySet<string>,
  candidates: ReadonlyMap<string, TargetEntry>,
  version: number,
): void {
  if (added.size > 0) return;
  if (candidates.size === 0) {
    throw new CountersignError('WAVE_VERSION_UNKNOWN', `the CI targets have no Target of version ${version}`, {
      pointer: jsonPointer('signed', 'version'),
    });
  }
  throw new CountersignError('WAVE_NO_TARGETS', 'the Wave adds no Target', {
    pointer: jsonPointer('signed', 'targets'),
  });
}

function differenceOf(left: TargetEntry, right: TargetEntry, path: readonly string[]): string | null {
  return findJsonDifference(asJson(left), asJson(right), path);
}

function asJson({ length, hashes, custom }: TargetEntry): JsonValue {
  return { length, hashes: { ...hashes }, ...(custom === undefined ? {} : { custom: { ...custom } }) };
}

function inexpressible(
  message: string,
  path: readonly string[],
  { hint, target }: { hint?: string; target?: string },
): CountersignError {
  return new CountersignError('WAVE_CHANGE_INEXPRESSIBLE', message, {
    pointer: jsonPointer(...path),
    ...(hint === undefined ? {} : { hint }),
    ...(target === undefined ? {} : { details: { target } }),
  });
}

function mismatch(message: string, pointer: string, target: string): CountersignError {
  return new CountersignError('WAVE_ENTRY_MISMATCH', message, { pointer, details: { target } });
}
