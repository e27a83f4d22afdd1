import { CountersignError } from '../errors.js';
import type { JournalLine } from './dossier-line.js';
import { parseJournalText, type EvidenceEntry } from './journal-entry.js';
import type { Statement } from './statement.js';
import type { CheckedJournal, DossierSignature, WrittenJournal } from './verified-dossier.js';

/** What is approved, by which a signer's journal is judged. */
export interface ApprovedParts {
  readonly statement: Statement;
  readonly statementSha256: string;
  /** The officers whose approvals count. */
  readonly persons: readonly string[];
}

type Intent = Extract<EvidenceEntry, { type: 'intent' }>;
type IntentPart = Extract<EvidenceEntry, { type: 'intent-part' }>;
interface Place {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/**
 * Checks the journals of all signers that took part: together they have exactly the signatures in the dossier, each in one of
 * them. Otherwise as `checkJournal`.
 *
 * @throws EVIDENCE_INVALID
 */
export function checkJournals(
  journals: readonly (readonly JournalLine[])[],
  signatures: readonly DossierSignature[],
  approved: ApprovedParts,
): WrittenJournal[] {
  const checked = journals.map((lines) => ({ lines, ...checkJournal(lines, approved) }));
  checkSame(
    checked.flatMap((one) => one.signatures),
    signatures,
  );
  return checked.map(({ lines, journal }) => ({ lines, journal }));
}

/**
 * The signatures that stand in the lines of a signer's journal. Neither they nor the lines are judged.
 *
 * @throws EVIDENCE_INVALID a line is none of a journal
 */
export function readJournalSignatures(lines: readonly JournalLine[]): DossierSignature[] {
  return lines.flatMap((line) => {
    const entry = line.type === 'journal' ? parseJournalText(line.text) : null;
    return entry?.type === 'signature' || entry?.type === 'signatures' ? signaturesIn(entry) : [];
  });
}

/**
 * Checks the lines of a signer's journal: they follow each other without a gap, begin with the decision to sign this
 * statement and these documents on the word of officers whose approvals are there, and end with a signature. The signatures
 * themselves are not verified.
 *
 * @returns with the signatures that stand in it
 * @throws EVIDENCE_INVALID
 */
function checkJournal(
  lines: readonly JournalLine[],
  approved: ApprovedParts,
): { readonly journal: CheckedJournal; readonly signatures: readonly DossierSignature[] } {
  const entries: EvidenceEntry[] = [];
  let before: Place | null = null;
  for (const line of lines) {
    if (line.type === 'journal-hash') {
      requireNext(before, line);
      before = line;
      continue;
    }
    const entry = parseJournalText(line.text);
    requireNext(before, entry);
    entries.push(entry);
    before = entry;
  }
  if (lines[0]?.type !== 'journal') throw invalid('they do not begin with the decision to sign');
  const { intent, parts, later } = splitIntent(entries);
  checkIntent(intent, parts, approved);
  const written = later.flatMap((entry) => {
    const made = requireSignatures(entry, approved.statementSha256);
    return made.map((signature) => ({ seq: entry.seq, signature }));
  });
  checkTimesAscend(entries);
  const head = entries.at(-1);
  if (head === undefined || before === null || head.seq !== before.seq || written.length === 0)
    throw invalid('they do not end with a signature');
  const journal = {
    intent: { seq: intent.seq, hash: intent.hash, at: intent.at, persons: intent.persons },
    signatures: written.map(({ seq, signature: { keyid, signedAt } }) => ({ seq, keyid, at: signedAt })),
    head: { seq: head.seq, hash: head.hash },
    others: lines.length - entries.length,
  };
  return { journal, signatures: written.map(({ signature }) => signature) };
}

function requireNext(before: Place | null, place: Place): void {
  if (before === null) return;
  if (place.seq !== before.seq + 1) throw invalid(`entry ${place.seq} comes after entry ${before.seq}`);
  if (place.prev !== before.hash) throw invalid(`entry ${place.seq} does not follow the one before it`);
}

/** The decision, with the lines right before it that hold the rest of its documents, and what comes after it. */
function splitIntent(entries: readonly EvidenceEntry[]): {
  intent: Intent;
  parts: IntentPart[];
  later: EvidenceEntry[];
} {
  const place = entries.findIndex(({ type }) => type !== 'intent-part');
  const intent = entries[place];
  if (intent?.type !== 'intent') throw invalid('they do not begin with the decision to sign');
  const parts = entries.slice(0, place).filter((entry) => entry.type === 'intent-part');
  const first = intent.seq - parts.length;
  const whole =
    parts.length === (intent.parts ?? 0) &&
    parts.every(({ seq, part }, index) => part === index && seq === first + index);
  if (!whole) throw invalid('parts of the decision to sign are missing');
  return { intent, parts, later: entries.slice(place + 1) };
}

function checkIntent(
  intent: Intent,
  parts: readonly IntentPart[],
  { statement, statementSha256, persons }: ApprovedParts,
): void {
  if ([intent, ...parts].some((line) => line.statement !== statementSha256))
    throw invalid('the decision is about another statement');
  if (intent.id !== statement.id || intent.factory !== statement.factory || intent.kind !== statement.kind) {
    throw invalid('the decision is about another request');
  }
  if (intent.policy !== statement.policy.version) throw invalid('the decision was taken under another policy');
  const stranger = intent.persons.find((person) => !persons.includes(person));
  if (stranger !== undefined) throw invalid(`the decision counts ${stranger}, who did not approve`);
  for (const document of [intent, ...parts].flatMap(({ documents }) => documents)) {
    const entry = statement.documents.at(document.index);
    const same =
      entry !== undefined &&
      document.repository === entry.repository &&
      document.role === entry.role &&
      document.tag === (entry.role === 'targets' ? entry.tag : null) &&
      document.version === entry.version &&
      document.sha256 === entry.sha256 &&
      document.length === entry.length;
    if (!same) throw invalid('the decision is about another document');
  }
}

function requireSignatures(entry: EvidenceEntry, statementSha256: string): DossierSignature[] {
  if (entry.type !== 'signature' && entry.type !== 'signatures') throw invalid(`entry ${entry.seq} is no signature`);
  if (entry.statement !== statementSha256) throw invalid(`entry ${entry.seq} is about another statement`);
  return signaturesIn(entry);
}

function signaturesIn(entry: Extract<EvidenceEntry, { type: 'signature' | 'signatures' }>): DossierSignature[] {
  const made = entry.type === 'signature' ? [entry] : entry.signatures;
  return made.map(({ document, keyid, method, sig }) => ({ document, keyid, method, sig, signedAt: entry.at }));
}

function checkTimesAscend(entries: readonly EvidenceEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && entry.at < before.at) throw invalid(`entry ${entry.seq} is older than the one before`);
  }
}

/** The journals have every signature of the dossier, each once and word for word, and no other. */
function checkSame(written: readonly DossierSignature[], signatures: readonly DossierSignature[]): void {
  const names = new Set(written.map(nameOf));
  const same =
    written.length === signatures.length &&
    signatures.length > 0 &&
    signatures.every((signature) => names.has(nameOf(signature)));
  if (!same) throw invalid('their signatures are not those of the dossier');
}

function nameOf({ document, keyid, method, sig, signedAt }: DossierSignature): string {
  return JSON.stringify([document, keyid, method, sig, signedAt]);
}

function invalid(why: string): CountersignError {
  return new CountersignError('EVIDENCE_INVALID', `the lines of the signer's journal do not hold: ${why}`, {
    hint: 'Get the evidence anew; if it stays like this, have the journal itself verified.',
  });
}
