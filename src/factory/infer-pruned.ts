import { CountersignError } from '../errors.js';
import type { Targets } from '../tuf/index.js';
import { jsonPointer } from './json-pointer.js';
import { entryVersion, findEntry } from './target-entry.js';

/**
 * The versions whose Targets are all gone from the submitted document.
 *
 * @returns ascending, each once
 * @throws WAVE_CHANGE_INEXPRESSIBLE a Target is gone while others of its version stay, or it has no version
 * @throws WAVE_PRUNE_SELF a Target of the version being added is gone
 */
export function inferPruned(submitted: Targets, production: Targets | null): number[] {
  const entries = Object.entries(production?.targets ?? {});
  const kept = new Map<string, string>();
  const gone = new Map<string, string>();
  for (const [name, entry] of entries) {
    const version = entryVersion(entry);
    if (findEntry(submitted, name) !== null) {
      if (version !== null) kept.set(version, name);
    } else if (version === null || !/^[1-9]\d{0,15}$/.test(version) || !Number.isSafeInteger(Number(version))) {
      throw removed(name, 'has no whole version that could be pruned');
    } else if (version === String(submitted.version)) {
      throw new CountersignError('WAVE_PRUNE_SELF', `Target ${JSON.stringify(name)} of the added version is removed`, {
        pointer: jsonPointer('signed', 'targets', name),
        details: { target: name },
      });
    } else {
      gone.set(version, name);
    }
  }
  for (const [version, name] of gone) {
    const stays = kept.get(version);
    if (stays === undefined) continue;
    throw removed(
      name,
      `is removed, but ${JSON.stringify(stays)} of the same version ${version} stays; versions are pruned whole`,
    );
  }
  return [...gone.keys()].map(Number).sort((a, b) => a - b);
}

function removed(name: string, why: string): CountersignError {
  return new CountersignError('WAVE_CHANGE_INEXPRESSIBLE', `Target ${JSON.stringify(name)} ${why}`, {
    pointer: jsonPointer('signed', 'targets', name),
    details: { target: name },
  });
}
