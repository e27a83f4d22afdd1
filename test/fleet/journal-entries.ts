import { readFileSync } from 'node:fs';
import type { JournalEntryOf } from '../../src/signer/journal/index.js';
import { journalEntrySchema } from '../../src/signer/journal/entry.js';

/** What a journal's file says about decisions and signatures, read without the code that keeps it. */
export function readJournalEntries(path: string): {
  intents: JournalEntryOf<'intent'>[];
  signatures: JournalEntryOf<'signature'>[];
} {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const entries = lines.map((line) => journalEntrySchema.parse(JSON.parse(line)));
  return {
    intents: entries.filter((entry) => entry.type === 'intent'),
    signatures: entries.filter((entry) => entry.type === 'signature'),
  };
}
