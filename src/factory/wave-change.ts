import { z } from 'zod';
import { CountersignError } from '../errors.js';
import { parseTime } from '../tuf/index.js';
import { jsonPointer } from './json-pointer.js';
import { sourceTagSchema } from './names.js';

const versionSchema = z.int().min(1);

/** Every Target of that version in the CI targets, or those of them that CI gave the source tag. */
const addVersionSchema = z.strictObject({
  op: z.literal('add-version'),
  version: versionSchema,
  sourceTag: sourceTagSchema.nullable(),
});

/** Every Target of that version leaves the tag's production targets. */
const pruneSchema = z.strictObject({ op: z.literal('prune'), version: versionSchema });

const setExpiresSchema = z.strictObject({
  op: z.literal('set-expires'),
  expires: z.string().refine((text) => parseTime(text) !== undefined, 'a time is written like 2027-11-22T16:26:20Z'),
});

/** One change that a Wave makes to the production targets of its tag. */
export const waveChangeSchema = z.discriminatedUnion('op', [addVersionSchema, pruneSchema, setExpiresSchema]);

export type WaveChange = z.infer<typeof waveChangeSchema>;

/** The changes of one Wave, taken apart. */
export interface WaveIntent {
  readonly version: number;
  readonly sourceTag: string | null;
  /** Ascending, each once. */
  readonly pruned: readonly number[];
  readonly expires: string;
}

/**
 * Takes the changes of a Wave apart. There is one way to write a Wave: one `add-version`, then `prune`
 * ascending and each version once, then one `set-expires`; so equal Waves have equal statements.
 *
 * @throws INPUT_INVALID a change is malformed or stands in the wrong place (`/changes/N`)
 * @throws WAVE_EXPIRES_INVALID the time of `set-expires` is none
 */
export function readWaveChanges(changes: readonly WaveChange[]): WaveIntent {
  const parsed = changes.map((change, index) => parseChange(change, index));
  const first = parsed[0];
  const last = parsed.at(-1);
  if (first?.op !== 'add-version') throw misplaced(0, 'the first change of a Wave is add-version');
  if (last?.op !== 'set-expires') throw misplaced(parsed.length - 1, 'the last change of a Wave is set-expires');
  const pruned: number[] = [];
  for (const [index, change] of parsed.slice(1, -1).entries()) {
    if (change.op !== 'prune') throw misplaced(index + 1, `${change.op} stands only once in a Wave`);
    if (change.version <= (pruned.at(-1) ?? 0)) {
      throw misplaced(index + 1, 'pruned versions stand in ascending order, each once');
    }
    pruned.push(change.version);
  }
  return { version: first.version, sourceTag: first.sourceTag, pruned, expires: last.expires };
}

/** The inverse of readWaveChanges. */
export function writeWaveChanges(intent: WaveIntent): WaveChange[] {
  return [
    { op: 'add-version', version: intent.version, sourceTag: intent.sourceTag },
    ...intent.pruned.map((version): WaveChange => ({ op: 'prune', version })),
    { op: 'set-expires', expires: intent.expires },
  ];
}

function parseChange(change: WaveChange, index: number): WaveChange {
  const result = waveChangeSchema.safeParse(change);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map((part) => String(part));
  const code = path[0] === 'expires' ? 'WAVE_EXPIRES_INVALID' : 'INPUT_INVALID';
  throw new CountersignError(code, issue?.message ?? 'not a change of a Wave', {
    pointer: jsonPointer('changes', index, ...path),
  });
}

function misplaced(index: number, message: string): CountersignError {
  return new CountersignError('INPUT_INVALID', message, { pointer: jsonPointer('changes', Math.max(index, 0)) });
}
