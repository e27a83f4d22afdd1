import { open } from 'node:fs/promises';
import { CountersignError } from '../../errors.js';
import { readJournal } from './read-journal.js';

export interface JournalReport {
  readonly path: string;
  readonly entries: number;
  /** Hash of the last line, which stands for everything before it. */
  readonly headHash: string;
  /** Time of the last entry, `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly lastAt: string;
  /** Digest of policy version 1. */
  readonly service: string;
  /** Bytes after the last newline: an append under way or cut off. The signer drops them at its next start. */
  readonly tornBytes: number;
}

/**
 * Reads a whole journal without changing or locking it, so it also works beside a running signer and on a copy.
 *
 * @throws JOURNAL_DAMAGED with `details.line`
 * @throws SIGNER_NOT_INITIALISED the file cannot be read
 */
export async function verifyJournal(path: string): Promise<JournalReport> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new CountersignError('SIGNER_NOT_INITIALISED', `the journal ${path} cannot be read`, {
      hint: 'give the path of journal.jsonl in the state directory',
      details: { path },
      cause,
    });
  });
  try {
    const { state, tornBytes } = await readJournal(file);
    const { seq, hash, at } = state.head;
    return { path, entries: seq, headHash: hash, lastAt: at, service: state.service, tornBytes };
  } finally {
    await file.close();
  }
}
