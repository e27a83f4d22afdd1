import { CountersignError } from '../errors.js';
import type { TargetEntry, Targets } from '../tuf/index.js';
import { jsonPointer } from './json-pointer.js';
import { entryTags, entryVersion, hasNumericVersion, narrowEntry } from './target-entry.js';

/** The Targets of one version in the CI targets, by name and as they are there. */
export function findCiTargets(ciTargets: Targets, version: number): Map<string, TargetEntry> {
  const wanted = String(version);
  const found = new Map<string, TargetEntry>();
  for (const [name, entry] of Object.entries(ciTargets.targets)) {
    if (entryVersion(entry) === wanted) found.set(name, entry);
    else if (hasNumericVersion(entry, version)) throw numericVersion(name, version);
  }
  return found;
}

/**
 * The Targets that a Wave adds: those of the version in the CI targets (with the source tag, unless
 * that is null), each with `custom.tags` replaced by the Wave's tag.
 *
 * @throws WAVE_VERSION_UNKNOWN the CI targets have no such version
 * @throws WAVE_NO_TARGETS none of them has the source tag (fioctl posts such a Wave, which updates nothing)
 * @throws WAVE_ENTRY_MISMATCH an entry has the version as a number, so clients would not see it
 */
export function selectCiTargets(
  ciTargets: Targets,
  version: number,
  sourceTag: string | null,
  tag: string,
): Map<string, TargetEntry> {
  const ofVersion = findCiTargets(ciTargets, version);
  if (ofVersion.size === 0) throw versionUnknown(ciTargets, version);
  const selected = new Map<string, TargetEntry>();
  for (const [name, entry] of ofVersion) {
    if (sourceTag === null || entryTags(entry).includes(sourceTag)) selected.set(name, withTag(entry, tag));
  }
  if (selected.size === 0) {
    throw new CountersignError('WAVE_NO_TARGETS', `no CI Target of version ${version} has the given source tag`, {
      pointer: jsonPointer('changes', 0, 'sourceTag'),
      hint: 'Leave the source tag out to take every Target of the version.',
      details: { version, tags: [...new Set([...ofVersion.values()].flatMap(entryTags))].sort() },
    });
  }
  return selected;
}

/** The entry as it stands in production. */
export function withTag(entry: TargetEntry, tag: string): TargetEntry {
  return { ...narrowEntry(entry), custom: { ...entry.custom, tags: [tag] } };
}

function versionUnknown(ciTargets: Targets, version: number): CountersignError {
  const unreadable = Object.entries(ciTargets.targets)
    .filter(([, entry]) => entryVersion(entry) === null)
    .map(([name]) => name);
  return new CountersignError('WAVE_VERSION_UNKNOWN', `the CI targets have no Target of version ${version}`, {
    pointer: jsonPointer('changes', 0, 'version'),
    ...(unreadable.length === 0
      ? {}
      : { hint: `${unreadable.length} of their entries have no custom.version that is a text.` }),
    details: { version, ...(unreadable.length === 0 ? {} : { unreadable: unreadable.slice(0, 10) }) },
  });
}

function numericVersion(name: string, version: number): CountersignError {
  return new CountersignError(
    'WAVE_ENTRY_MISMATCH',
    `CI Target ${JSON.stringify(name)} has custom.version as the number ${version}; it has to be a text`,
    { pointer: jsonPointer('signed', 'targets', name, 'custom', 'version'), details: { target: name } },
  );
}
