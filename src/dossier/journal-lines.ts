import { CountersignError } from '../errors.js';
import { parseDossierLine, type JournalLine } from './dossier-line.js';
import { formatLine } from './write-dossier.js';

/** Lines of a signer's journal as they stand in a dossier, UTF-8, each with its line feed. */
export function writeJournalLines(lines: readonly JournalLine[]): Buffer {
  return Buffer.from(lines.map(formatLine).join(''), 'utf8');
}

/** @throws DOSSIER_INVALID */
export function readJournalLines(bytes: Buffer): JournalLine[] {
  const texts = bytes.toString('utf8').trimEnd().split('\n');
  return texts.map((text, index) => {
    const line = parseDossierLine(text, index + 1);
    if (line.type === 'journal' || line.type === 'journal-hash') return line;
    throw new CountersignError('DOSSIER_INVALID', `line ${index + 1} is none of a journal`);
  });
}
