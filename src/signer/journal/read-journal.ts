import type { FileHandle } from 'node:fs/promises';
import { type CountersignError, isCountersignError } from '../../errors.js';
import { StateFold } from './fold.js';
import { damaged, openLine } from './line.js';
import { readLines } from './read-lines.js';

export interface JournalContent {
  readonly state: StateFold;
  /** Length of the whole lines. */
  readonly goodBytes: number;
  /** Bytes after the last newline: an append that was cut off, on which nothing was built. */
  readonly tornBytes: number;
}

export interface SoundBeginning extends JournalContent {
  /** JOURNAL_DAMAGED, naming the line behind the sound ones; null if all lines are sound. */
  readonly damage: CountersignError | null;
}

/**
 * Reads a journal from its first byte, checks every line and folds it.
 *
 * @throws JOURNAL_DAMAGED with `details.line`
 */
export async function readJournal(file: FileHandle): Promise<JournalContent> {
  const { damage, ...content } = await readSoundBeginning(file);
  if (damage !== null) throw damage;
  return content;
}

/**
 * As `readJournal`, but of a damaged journal what stands before the damage.
 *
 * @throws JOURNAL_DAMAGED if not even its first lines are whole
 */
export async function readSoundBeginning(file: FileHandle): Promise<SoundBeginning> {
  let state: StateFold | null = null;
  let goodBytes = 0;
  let tornBytes = 0;
  let damage: CountersignError | null = null;
  try {
    for await (const line of readLines(file)) {
      if (line.whole) {
        state = addLine(state, line.bytes, line.number);
        goodBytes = line.end;
      } else {
        tornBytes = line.bytes.length;
      }
    }
  } catch (error) {
    if (!isCountersignError(error, 'JOURNAL_DAMAGED')) throw error;
    damage = error;
  }
  // The first lines come into being all at once (createJournal), so no crash explains that they are not whole.
  if (state === null) throw damage ?? damaged(1, 'it is not whole');
  if (state.policies.length === 0) throw damage ?? damaged(2, 'it is not whole, and it has to hold the policy');
  return { state, goodBytes, tornBytes, damage };
}

function addLine(state: StateFold | null, bytes: Buffer, number: number): StateFold {
  const entry = openLine(bytes, number, state?.head ?? null);
  if (state === null) {
    if (entry.type !== 'init') throw damaged(number, 'a journal begins with an init line');
    return new StateFold(entry);
  }
  try {
    state.apply(entry);
  } catch (cause) {
    throw damaged(number, cause instanceof Error ? cause.message : 'it does not fit the lines before it', cause);
  }
  return state;
}
