import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyUses, keyUses } from '../decide/index.js';
import { JOURNAL_FILE } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';

/**
 * What keys are in use for, as the journal in a state directory knows it; also beside a running signer. Before there is a journal every
 * key is a standby key.
 *
 * @throws JOURNAL_DAMAGED
 */
export async function readKeyUses(stateDir: string): Promise<KeyUses> {
  const file = await open(join(stateDir, JOURNAL_FILE), 'r').catch(() => null);
  if (file === null) return new Map();
  try {
    return keyUses((await readJournal(file)).state);
  } finally {
    await file.close();
  }
}
