import { CountersignError } from '../errors.js';
import type { TargetEntry, Targets } from '../tuf/index.js';
import { jsonPointer } from './json-pointer.js';
import { tagSchema } from './names.js';
import { selectCiTargets } from './select-ci-targets.js';
import { entryVersion, findEntry, narrowEntry } from './target-entry.js';
import { readWaveChanges, type WaveChange, type WaveIntent } from './wave-change.js';

/** What a Wave builds on: the CI targets it takes from and the tag's production targets, null before its first Wave. */
export interface WaveBase {
  readonly ciTargets: Targets;
  readonly productionTargets: Targets | null;
}

/** A Wave worked out over its base, by Target name. */
export interface WavePlan extends WaveIntent {
  readonly added: ReadonlyMap<string, TargetEntry>;
  readonly kept: ReadonlyMap<string, TargetEntry>;
  readonly dropped: ReadonlyMap<string, TargetEntry>;
}

/**
 * Works a Wave out by the rules of `fioctl waves init` (foundries.md §5); applyWave and describeWave both
 * read this one plan, so what an officer reads is what is signed.
 *
 * @throws INPUT_INVALID, WAVE_EXPIRES_INVALID, WAVE_VERSION_NOT_HIGHER, WAVE_VERSION_UNKNOWN,
 *   WAVE_NO_TARGETS, WAVE_TARGET_EXISTS, WAVE_PRUNE_SELF, WAVE_PRUNE_UNKNOWN, WAVE_ENTRY_MISMATCH
 */
export function planWave(changes: readonly WaveChange[], tag: string, base: WaveBase): WavePlan {
  const intent = readWaveChanges(changes);
  requireTag(tag);
  const production = base.productionTargets;
  requireHigherVersion(intent.version, production, jsonPointer('changes', 0, 'version'));
  const added = selectCiTargets(base.ciTargets, intent.version, intent.sourceTag, tag);
  for (const name of added.keys()) {
    if (production !== null && findEntry(production, name) !== null) throw targetExists(name, tag);
  }
  return { ...intent, added, ...prune(intent, production, tag) };
}

/** @throws INPUT_INVALID */
export function requireTag(tag: string): void {
  const result = tagSchema.safeParse(tag);
  if (!result.success) {
    throw new CountersignError('INPUT_INVALID', result.error.issues[0]?.message ?? 'not a tag', { pointer: '/tag' });
  }
}

/** @throws WAVE_VERSION_NOT_HIGHER devices refuse targets whose version does not grow */
export function requireHigherVersion(version: number, production: Targets | null, pointer: string): void {
  if (production === null || version > production.version) return;
  throw new CountersignError(
    'WAVE_VERSION_NOT_HIGHER',
    `version ${version} is not higher than the production targets' version ${production.version}`,
    { pointer, details: { version, productionVersion: production.version } },
  );
}

export function targetExists(name: string, tag: string): CountersignError {
  return new CountersignError('WAVE_TARGET_EXISTS', `Target ${JSON.stringify(name)} is in production already`, {
    pointer: jsonPointer('signed', 'targets', name),
    details: { target: name, tag },
  });
}

function prune(
  intent: WaveIntent,
  production: Targets | null,
  tag: string,
): { kept: Map<string, TargetEntry>; dropped: Map<string, TargetEntry> } {
  const missing = new Map(intent.pruned.map((version, index) => [String(version), index + 1]));
  if (intent.pruned.includes(intent.version)) throw pruneSelf(intent);
  const pruned = new Set(missing.keys());
  const kept = new Map<string, TargetEntry>();
  const dropped = new Map<string, TargetEntry>();
  for (const [name, entry] of Object.entries(production?.targets ?? {})) {
    const version = entryVersion(entry);
    if (version !== null && pruned.has(version)) {
      missing.delete(version);
      dropped.set(name, narrowEntry(entry));
    } else {
      kept.set(name, narrowEntry(entry));
    }
  }
  for (const [version, index] of missing) {
    throw new CountersignError('WAVE_PRUNE_UNKNOWN', `the production targets of ${tag} have no version ${version}`, {
      pointer: jsonPointer('changes', index, 'version'),
      details: { tag, versions: [...missing.keys()] },
    });
  }
  return { kept, dropped };
}

function pruneSelf(intent: WaveIntent): CountersignError {
  return new CountersignError('WAVE_PRUNE_SELF', `version ${intent.version} cannot be added and pruned at once`, {
    pointer: jsonPointer('changes', intent.pruned.indexOf(intent.version) + 1, 'version'),
  });
}
