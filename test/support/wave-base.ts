/** Bases of Waves without keys or signatures, for tests of what a Wave is. */
import type { WaveBase, WaveChange } from '../../src/factory/index.js';
import { parseTargetsSigned, type JsonValue, type TargetEntry, type Targets } from '../../src/tuf/index.js';
import { ciEntry } from './factory-fixture.js';

export const EXPIRES = '2027-11-22T16:26:20Z';

export function targetsOf(version: number, entries: readonly (readonly [string, TargetEntry])[]): Targets {
  return { _type: 'Targets', expires: '2027-01-01T00:00:00Z', targets: Object.fromEntries(entries), version };
}

/** An entry in production: the CI entry under its tag. */
export function productionEntry(hardwareId: string, version: number, tag = 'production'): TargetEntry {
  return ciEntry(hardwareId, version, [tag]);
}

/** Boards `x86` and `arm`; CI versions 40 to 43, production with versions 40 and 41. */
export function smallBase(): WaveBase {
  const ci = [40, 41, 42, 43].flatMap((version) =>
    ['x86', 'arm'].map((board): [string, TargetEntry] => [
      `${board}-${version}`,
      ciEntry(board, version, version === 43 ? [board, 'nightly'] : ['master']),
    ]),
  );
  const production = [40, 41].flatMap((version) =>
    ['x86', 'arm'].map((board): [string, TargetEntry] => [`${board}-${version}`, productionEntry(board, version)]),
  );
  return { ciTargets: targetsOf(43, ci), productionTargets: targetsOf(41, production) };
}

export function changesFor(
  version: number,
  { sourceTag = null, prune = [] }: { sourceTag?: string | null; prune?: readonly number[] } = {},
): WaveChange[] {
  return [
    { op: 'add-version', version, sourceTag },
    ...prune.map((pruned): WaveChange => ({ op: 'prune', version: pruned })),
    { op: 'set-expires', expires: EXPIRES },
  ];
}

/** The targets in canonical bytes. */
export function readSigned(bytes: Buffer): Targets {
  return parseTargetsSigned(bytes).signed;
}

/** The entry with members of `custom` replaced, or removed where they are undefined. */
export function withCustom(entry: TargetEntry, members: Record<string, JsonValue | undefined>): TargetEntry {
  const custom: Record<string, JsonValue> = { ...entry.custom };
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) Reflect.deleteProperty(custom, name);
    else custom[name] = value;
  }
  return { ...entry, custom };
}
