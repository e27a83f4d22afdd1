import { CountersignError } from '../../errors.js';
import { encodeText, parseText, sha256Hex } from '../../tuf/index.js';
import { type JournalBody, type JournalEntry, type JournalHead, NO_PREVIOUS, journalEntrySchema } from './entry.js';

/** Room for a statement's or a root's text many times over; a line beyond it was not written by us. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Armored signatures stand in the journal as `ssh-keygen` takes them. */
const TEXT = { lineFeeds: true };

/** One entry made ready to be written: its line ends in a newline. */
export interface SealedEntry {
  readonly entry: JournalEntry;
  readonly line: string;
}

/**
 * Puts a body at its place in the chain.
 *
 * @param previous the journal's head, null for the first line
 * @param at `YYYY-MM-DDTHH:MM:SSZ`
 */
export function sealEntry(previous: JournalHead | null, at: string, body: JournalBody): SealedEntry {
  const unsealed = { ...body, seq: (previous?.seq ?? 0) + 1, prev: previous?.hash ?? NO_PREVIOUS, at };
  // encoded once for both: what is hashed, and what stands in the file with the hash at its place among the members
  const [before, after] = [
    encodeMembers(unsealed, (name) => name < 'hash'),
    encodeMembers(unsealed, (name) => name > 'hash'),
  ];
  const hash = sha256Hex(`{${before},${after}}`);
  const entry = journalEntrySchema.parse({ ...unsealed, hash });
  return { entry, line: `{${before},"hash":"${hash}",${after}}\n` };
}

/** Some members of an object as they stand in its canonical text. Each side of `hash` has some: `at`, and `prev`, `seq`, `type`. */
function encodeMembers(value: object, isMeant: (name: string) => boolean): string {
  const members = Object.fromEntries(Object.entries(value).filter(([name]) => isMeant(name)));
  return encodeText(members, TEXT).slice(1, -1);
}

/**
 * Reads one line back and checks that it is canonical, unaltered and the successor of `previous`.
 *
 * @param bytes the line without its newline
 * @throws JOURNAL_DAMAGED with `details.line`
 */
export function openLine(bytes: Uint8Array, lineNumber: number, previous: JournalHead | null): JournalEntry {
  const entry = openSealed(bytes, lineNumber);
  if (entry.seq !== (previous?.seq ?? 0) + 1) throw damaged(lineNumber, `its number is ${entry.seq}`);
  if (entry.prev !== (previous?.hash ?? NO_PREVIOUS))
    throw damaged(lineNumber, 'it does not follow the line before it');
  if (previous !== null && entry.at < previous.at && entry.type !== 'clock')
    throw damaged(lineNumber, 'it is older than the line before it');
  return entry;
}

/** Reads one line back and checks that it is canonical and unaltered, wherever it stands. @throws JOURNAL_DAMAGED with `details.line` */
export function openSealed(bytes: Uint8Array, lineNumber: number): JournalEntry {
  const entry = parseEntry(bytes, lineNumber);
  const { hash, ...unsealed } = entry;
  if (sha256Hex(encodeText(unsealed, TEXT)) !== hash) throw damaged(lineNumber, 'its hash is not that of its content');
  return entry;
}

function parseEntry(bytes: Uint8Array, lineNumber: number): JournalEntry {
  let value: unknown;
  try {
    value = parseText(bytes, { ...TEXT, maxBytes: MAX_LINE_BYTES });
  } catch (cause) {
    throw damaged(lineNumber, 'it is not canonical JSON', cause);
  }
  const parsed = journalEntrySchema.safeParse(value);
  if (!parsed.success) throw damaged(lineNumber, 'it is no entry of a journal', parsed.error);
  return parsed.data;
}

/** The error for a journal that cannot be trusted from `lineNumber` on. */
export function damaged(lineNumber: number, why: string, cause?: unknown): CountersignError {
  return new CountersignError('JOURNAL_DAMAGED', `line ${lineNumber} of the journal is damaged: ${why}`, {
    hint: 'keep the file as it is; put a whole copy back, or rebuild it with countersign signer recover',
    details: { line: lineNumber },
    cause,
  });
}
