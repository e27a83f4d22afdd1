import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../../errors.js';
import { JOURNAL_FILE } from '../journal/journal.js';
import { lockStateDir } from '../journal/lock.js';
import { readSoundBeginning, type SoundBeginning } from '../journal/read-journal.js';

export interface LockedJournal extends SoundBeginning {
  readonly path: string;
  /** The first line that cannot be read; null if all can. */
  readonly damagedLine: number | null;
}

/**
 * Reads the journal of a signer that is stopped, and keeps it stopped meanwhile.
 *
 * @throws SIGNER_BUSY the signer runs; SIGNER_NOT_INITIALISED there is no journal; JOURNAL_DAMAGED not even its beginning is whole
 */
export async function withJournal<T>(stateDir: string, work: (journal: LockedJournal) => Promise<T>): Promise<T> {
  const lock = lockStateDir(stateDir);
  try {
    return await work(await readLocked(join(stateDir, JOURNAL_FILE)));
  } finally {
    lock.release();
  }
}

async function readLocked(path: string): Promise<LockedJournal> {
  const file = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
    throw new CountersignError('SIGNER_NOT_INITIALISED', `there is no journal at ${path}`, {
      hint: 'begin a new one with countersign signer init, then recover what the lost one knew',
      details: { path },
      cause,
    });
  });
  try {
    const sound = await readSoundBeginning(file);
    const line = sound.damage?.details?.['line'];
    return { ...sound, path, damagedLine: typeof line === 'number' ? line : null };
  } finally {
    await file.close();
  }
}
