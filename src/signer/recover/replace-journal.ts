import { copyFile, link, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCountersignError } from '../../errors.js';
import { formatTime } from '../../tuf/index.js';
import { syncDirectory, writeFailed } from '../journal/append-file.js';
import type { JournalBody, JournalHead } from '../journal/index.js';
import { sealEntry } from '../journal/line.js';
import { readJournal } from '../journal/read-journal.js';
import type { LockedJournal } from './open-journal.js';

/** The named moments of replacing a journal. A crash at any of them leaves the old journal or the new one. */
export type RecoverStep =
  | 'recover:written' // the new journal is on the disk, under a name of its own
  | 'recover:kept' // a damaged one has a second name
  | 'recover:renamed'; // the new one has the journal's name

/** Called at each step; throwing there stands for dying there. */
export type OnRecoverStep = (step: RecoverStep) => void | Promise<void>;

/**
 * Puts a journal with more entries in the place of the one that is there. An append would not do: of many entries a crash could leave
 * the first ones, a freeze lifted and what explains it missing.
 *
 * @param head of the sound part of the journal, which goes on from there
 * @throws JOURNAL_WRITE_FAILED
 */
export async function replaceJournal(
  { path, goodBytes, damage }: LockedJournal,
  head: JournalHead,
  bodies: readonly JournalBody[],
  now: Date,
  onStep: OnRecoverStep = () => undefined,
): Promise<{ journal: JournalHead; kept: string | null }> {
  const directory = dirname(path);
  const draft = join(directory, '.journal.recovering');
  const at = formatTime(now);
  try {
    await copyFile(path, draft);
    const journal = await writeAfter(draft, goodBytes, head, at, bodies);
    await onStep('recover:written');
    const kept = damage === null ? null : join(directory, `journal.damaged-${at.replace(/[-:]/gu, '')}.jsonl`);
    if (kept !== null) await keep(path, kept);
    await onStep('recover:kept');
    await rename(draft, path);
    await onStep('recover:renamed');
    await syncDirectory(directory);
    return { journal, kept };
  } catch (cause) {
    throw isCountersignError(cause) ? cause : writeFailed(path, cause);
  }
}

/** Writes the entries behind the sound part of a copy, and reads all of it as the signer will at its next start. */
async function writeAfter(
  draft: string,
  goodBytes: number,
  head: JournalHead,
  at: string,
  bodies: readonly JournalBody[],
): Promise<JournalHead> {
  const file = await open(draft, 'r+');
  try {
    await file.truncate(goodBytes);
    let position = goodBytes;
    let previous = head;
    for (const body of bodies) {
      const { entry, line } = sealEntry(previous, at, body);
      const bytes = Buffer.from(line);
      await writeAll(file, bytes, position);
      position += bytes.length;
      previous = { seq: entry.seq, hash: entry.hash, at: entry.at };
    }
    await file.sync();
    return (await readJournal(file)).state.head;
  } finally {
    await file.close();
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error('nothing was written');
    written += bytesWritten;
  }
}

/** A second name for the damaged file, so that its bytes stay when the first one goes. */
async function keep(path: string, kept: string): Promise<void> {
  try {
    await link(path, kept);
  } catch (cause) {
    // a crash behind this step leaves the name, of the same file
    const [there, original] = await Promise.all([stat(kept).catch(() => null), stat(path)]);
    if (there?.ino !== original.ino) throw cause;
  }
}
