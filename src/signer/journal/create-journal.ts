import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../../errors.js';
import { formatTime } from '../../tuf/index.js';
import { syncDirectory, writeFailed } from './append-file.js';
import type { JournalBody, JournalHead } from './entry.js';
import { JOURNAL_FILE } from './journal.js';
import { sealEntry } from './line.js';
import { lockStateDir } from './lock.js';

/**
 * Writes the first lines of a new journal. They appear under the journal's name all at once, so a journal that exists
 * begins whole whatever happened while it was made.
 *
 * @param bodies an `init` and what else the signer is to know from the start
 * @throws SIGNER_ALREADY_INITIALISED, SIGNER_BUSY, JOURNAL_WRITE_FAILED
 */
export async function createJournal(stateDir: string, now: Date, bodies: readonly JournalBody[]): Promise<JournalHead> {
  await makeStateDir(stateDir);
  const lock = lockStateDir(stateDir);
  try {
    return await writeFirstLines(stateDir, formatTime(now), bodies);
  } finally {
    lock.release();
  }
}

async function writeFirstLines(stateDir: string, at: string, bodies: readonly JournalBody[]): Promise<JournalHead> {
  const path = join(stateDir, JOURNAL_FILE);
  await refuseExisting(path);
  let head: JournalHead | null = null;
  let text = '';
  for (const body of bodies) {
    const { entry, line } = sealEntry(head, at, body);
    head = entry;
    text += line;
  }
  if (head === null) throw new CountersignError('INTERNAL', 'a journal begins with an init line');
  const draft = join(stateDir, `.${JOURNAL_FILE}.${randomUUID()}`);
  try {
    await writeSynced(draft, text);
    // link, not rename: it never replaces a journal that is there
    await link(draft, path);
  } catch (cause) {
    await refuseExisting(path);
    throw writeFailed(path, cause);
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(stateDir);
  return { seq: head.seq, hash: head.hash, at: head.at };
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function makeStateDir(stateDir: string): Promise<void> {
  try {
    const made = await mkdir(stateDir, { recursive: true, mode: 0o700 });
    // one that was there already may lie in a directory that this user cannot even read
    if (made !== undefined) await syncDirectory(join(stateDir, '..'));
  } catch (cause) {
    throw writeFailed(stateDir, cause);
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await stat(path);
  } catch {
    return;
  }
  throw new CountersignError('SIGNER_ALREADY_INITIALISED', `there is a journal at ${path} already`, {
    hint: 'a signer is initialised once; its journal is its memory of what was signed and must not be lost',
    details: { path },
  });
}
