import type { TargetEntry } from '../tuf/index.js';
import { planWave, type WaveBase } from './plan-wave.js';
import { entryApps, entryHardwareIds, entrySha256, entryVersion } from './target-entry.js';
import type { WaveChange } from './wave-change.js';

/** What a Wave does, for a person to read. Texts stand as they are in the documents: formatWave makes them safe to print. */
export interface WaveSummary {
  readonly version: number;
  readonly tag: string;
  readonly expires: string;
  readonly sourceTag: string | null;
  /** Of the tag's production targets; null when this is the tag's first Wave. */
  readonly previousVersion: number | null;
  readonly previousExpires: string | null;
  readonly pruned: readonly number[];
  /** By hardware id. A Target of several stands under each; one that names none stands under `''`. */
  readonly hardware: readonly HardwareSummary[];
}

export interface HardwareSummary {
  readonly hardwareId: string;
  readonly added: readonly AddedTarget[];
  readonly dropped: readonly TargetSummary[];
  readonly kept: readonly TargetSummary[];
}

export interface TargetSummary {
  readonly target: string;
  /** `custom.version`; empty if it has none. */
  readonly version: string;
}

export interface AddedTarget extends TargetSummary {
  /** Hex, as in `hashes.sha256`; empty if it has none. */
  readonly sha256: string;
  /** The Target that `was` is taken from: the newest in production for this hardware; null if there is none. */
  readonly comparedWith: string | null;
  readonly apps: readonly AppChange[];
  /** Apps of `comparedWith` that this Target has no more. */
  readonly removedApps: readonly { readonly name: string; readonly was: string }[];
}

export interface AppChange {
  readonly name: string;
  readonly uri: string;
  /** The app's image before; the same text if it stays, null if the app is new. */
  readonly was: string | null;
}

type NamedEntry = readonly [name: string, entry: TargetEntry];

/**
 * Describes a Wave from its changes and its base, by the plan that applyWave signs. Entries without
 * hardware ids, apps or digests are described as far as they go.
 *
 * @throws as applyWave
 */
export function describeWave(changes: readonly WaveChange[], tag: string, base: WaveBase): WaveSummary {
  const { version, expires, sourceTag, pruned, added, kept, dropped } = planWave(changes, tag, base);
  const byHardware = {
    added: groupByHardware(added),
    kept: groupByHardware(kept),
    dropped: groupByHardware(dropped),
  };
  const hardwareIds = new Set(Object.values(byHardware).flatMap((group) => [...group.keys()]));
  return {
    version,
    tag,
    expires,
    sourceTag,
    previousVersion: base.productionTargets?.version ?? null,
    previousExpires: base.productionTargets?.expires ?? null,
    pruned,
    hardware: [...hardwareIds].sort().map((hardwareId) => {
      const keptHere = byHardware.kept.get(hardwareId) ?? [];
      const droppedHere = byHardware.dropped.get(hardwareId) ?? [];
      const newest = findNewest([...keptHere, ...droppedHere]);
      return {
        hardwareId,
        added: (byHardware.added.get(hardwareId) ?? []).map((named) => describeAdded(named, newest)),
        dropped: droppedHere.map(describeTarget),
        kept: keptHere.map(describeTarget),
      };
    }),
  };
}

function groupByHardware(entries: ReadonlyMap<string, TargetEntry>): Map<string, NamedEntry[]> {
  const groups = new Map<string, NamedEntry[]>();
  for (const named of [...entries].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const ids = entryHardwareIds(named[1]);
    for (const id of ids.length === 0 ? [''] : new Set(ids)) {
      const group = groups.get(id);
      if (group === undefined) groups.set(id, [named]);
      else group.push(named);
    }
  }
  return groups;
}

function findNewest(entries: readonly NamedEntry[]): NamedEntry | null {
  return entries.reduce<NamedEntry | null>(
    (newest, named) => (newest === null || versionNumber(named) > versionNumber(newest) ? named : newest),
    null,
  );
}

function versionNumber([, entry]: NamedEntry): number {
  const version = Number(entryVersion(entry) ?? Number.NaN);
  return Number.isNaN(version) ? -1 : version;
}

function describeTarget([target, entry]: NamedEntry): TargetSummary {
  return { target, version: entryVersion(entry) ?? '' };
}

function describeAdded(named: NamedEntry, newest: NamedEntry | null): AddedTarget {
  const apps = entryApps(named[1]);
  const before: ReadonlyMap<string, string> = newest === null ? new Map() : entryApps(newest[1]);
  return {
    ...describeTarget(named),
    sha256: entrySha256(named[1]),
    comparedWith: newest?.[0] ?? null,
    apps: sortedByName(apps).map(([name, uri]) => ({ name, uri, was: before.get(name) ?? null })),
    removedApps: sortedByName(before)
      .filter(([name]) => !apps.has(name))
      .map(([name, was]) => ({ name, was })),
  };
}

function sortedByName(apps: ReadonlyMap<string, string>): (readonly [string, string])[] {
  return [...apps].sort(([left], [right]) => (left < right ? -1 : 1));
}
