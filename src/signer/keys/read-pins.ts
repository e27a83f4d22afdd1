import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pins } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { JOURNAL_FILE } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';

/**
 * The pins by which the signer on a state directory judges every dossier: those that its journal begins with. Also beside a running
 * signer.
 *
 * @throws SIGNER_NOT_INITIALISED, JOURNAL_DAMAGED
 */
export async function readPins(stateDir: string): Promise<Pins> {
  const file = await open(join(stateDir, JOURNAL_FILE), 'r').catch(() => null);
  if (file === null) {
    throw new CountersignError('SIGNER_NOT_INITIALISED', `there is no journal in ${stateDir}`, {
      hint: 'countersign signer init begins one',
      details: { stateDir },
    });
  }
  try {
    const { service, firstRoots } = (await readJournal(file)).state;
    return { policySha256: service, firstRootSha256: Object.fromEntries(firstRoots) };
  } finally {
    await file.close();
  }
}
