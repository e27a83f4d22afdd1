import type { FileHandle } from 'node:fs/promises';
import type { JournalEntry, JournalHead } from './entry.js';
import { damaged, openLine, openSealed } from './line.js';
import { readLines } from './read-lines.js';

export interface ExcerptLine {
  readonly entry: JournalEntry;
  /** As it stands in the file, without its newline. */
  readonly text: string;
}

/**
 * The whole lines from number `from` to number `to` (an entry's `seq` is the number of its line). They are checked anew: the
 * file was read and folded when the signer started, and may have been touched since.
 *
 * @throws JOURNAL_DAMAGED with `details.line`
 */
export async function* readExcerpt(file: FileHandle, from: number, to: number): AsyncGenerator<ExcerptLine> {
  let previous: JournalHead | null = null;
  let read = from;
  for await (const { bytes, number, whole } of readLines(file)) {
    if (number < from) continue;
    if (!whole) break;
    const entry: JournalEntry = previous === null ? openSealed(bytes, number) : openLine(bytes, number, previous);
    yield { entry, text: bytes.toString('utf8') };
    previous = entry;
    read = number + 1;
    if (number === to) return;
  }
  throw damaged(read, 'it is missing');
}
