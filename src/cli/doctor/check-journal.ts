import { join } from 'node:path';
import { verifyJournal } from '../../signer/index.js';
import { examine, ok, type Finding } from './finding.js';

/** Whether every line of the signer's journal holds. Reads it beside a running signer. */
export function checkJournal(stateDir: string): Promise<Finding[]> {
  const todo = 'keep the file as it is, and find out what happened to the disk';
  return examine('journal', todo, async () => {
    const { entries, lastAt } = await verifyJournal(join(stateDir, 'journal.jsonl'));
    return [ok('journal', `${entries} entries hold, the last of ${lastAt}`)];
  });
}
