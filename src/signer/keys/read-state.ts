import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignerState } from '../journal/index.js';
import { JOURNAL_FILE } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';

/**
 * What the journal in a state directory comes to; also beside a running signer. Null before there is one.
 *
 * @throws JOURNAL_DAMAGED
 */
export async function readState(stateDir: string): Promise<SignerState | null> {
  const file = await open(join(stateDir, JOURNAL_FILE), 'r').catch(() => null);
  if (file === null) return null;
  try {
    return (await readJournal(file)).state;
  } finally {
    await file.close();
  }
}
