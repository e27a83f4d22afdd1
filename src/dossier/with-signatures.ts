import { z } from 'zod';
import type { JournalLine } from './dossier-line.js';
import type { DossierSignature } from './verified-dossier.js';
import { formatLine } from './write-dossier.js';

/** What comes after what is to be signed. */
const LATER: readonly string[] = [
  'signature',
  'published',
  'published-root',
  'journal',
  'journal-hash',
  'next-journal',
];

const typed = z.object({ type: z.string() });

/**
 * A verified dossier as it is handed back by one of its signers: with that one's signatures and the lines of its journal, in the place
 * of all that was signed and published before.
 *
 * @param lines with or without their line feeds
 */
export async function* withSignatures(
  lines: AsyncIterable<string>,
  signatures: readonly DossierSignature[],
  journal: readonly JournalLine[],
): AsyncGenerator<string, void, undefined> {
  for await (const line of lines) {
    if (LATER.includes(typed.parse(JSON.parse(line)).type)) break;
    yield line.endsWith('\n') ? line : `${line}\n`;
  }
  for (const { document, keyid, method, sig, signedAt } of signatures) {
    yield formatLine({ type: 'signature', document, keyid, method, sig, signedAt });
  }
  for (const line of journal) yield formatLine(line);
}
