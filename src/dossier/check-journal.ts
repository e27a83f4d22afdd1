import { CountersignError } from '../errors.js';
import type { JournalLine } from './dossier-line.js';
import { parseJournalText, type EvidenceEntry } from './journal-entry.js';
import type { Statement } from './statement.js';
import type { CheckedJournal, DossierSignature } from './verified-dossier.js';

/** What the rest of the dossier says, by which its journal is judged. */
export interface ApprovedParts {
  readonly statement: Statement;
  readonly statementSha256: string;
  /** The officers whose approvals count. */
  readonly persons: readonly string[];
  readonly signatures: readonly DossierSignature[];
}

type Intent = Extract<EvidenceEntry, { type: 'intent' }>;
type IntentPart = Extract<EvidenceEntry, { type: 'intent-part' }>;
/** One signature, with the place of the line that it stands in. */
interface WrittenSignature extends Pick<DossierSignature, 'document' | 'keyid' | 'method' | 'sig'> {
  readonly seq: number;
  readonly at: string;
}
interface Place {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/**
 * Checks the lines of the signer's journal: they follow each other without a gap, begin with the decision to sign this
 * statement and these documents on the word of officers whose approvals are there, and end with the last of exactly the
 * signatures in the dossier.
 *
 * @throws EVIDENCE_INVALID
 */
export function checkJournal(lines: readonly JournalLine[], approved: ApprovedParts): CheckedJournal {
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
  const signatures = later.flatMap((entry) => requireSignatures(entry, approved.statementSha256));
  checkTimesAscend(entries);
  checkSame(signatures, approved.signatures);
  const head = entries.at(-1);
  if (head === undefined || before === null || head.seq !== before.seq)
    throw invalid('they do not end with a signature');
  return {
    intent: { seq: intent.seq, hash: intent.hash, at: intent.at, persons: intent.persons },
    signatures: signatures.map(({ seq, keyid, at }) => ({ seq, keyid, at })),
    head: { seq: head.seq, hash: head.hash },
    others: lines.length - entries.length,
  };
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

function requireSignatures(entry: EvidenceEntry, statementSha256: string): WrittenSignature[] {
  if (entry.type !== 'signature' && entry.type !== 'signatures') throw invalid(`entry ${entry.seq} is no signature`);
  if (entry.statement !== statementSha256) throw invalid(`entry ${entry.seq} is about another statement`);
  const { seq, at } = entry;
  const made = entry.type === 'signature' ? [entry] : entry.signatures;
  return made.map(({ document, keyid, method, sig }) => ({ document, keyid, method, sig, seq, at }));
}

function checkTimesAscend(entries: readonly EvidenceEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && entry.at < before.at) throw invalid(`entry ${entry.seq} is older than the one before`);
  }
}

/** The journal has every signature of the dossier, each once and word for word, and no other. */
function checkSame(entries: readonly WrittenSignature[], signatures: readonly DossierSignature[]): void {
  const written = new Set(
    entries.map(({ document, keyid, method, sig, at }) => nameOf([document, keyid, method, sig, at])),
  );
  const shown = signatures.map(({ document, keyid, method, sig, signedAt }) =>
    nameOf([document, keyid, method, sig, signedAt]),
  );
  const same = entries.length === shown.length && shown.length > 0 && shown.every((one) => written.has(one));
  if (!same) throw invalid('their signatures are not those of the dossier');
}

function nameOf(parts: readonly (string | number)[]): string {
  return JSON.stringify(parts);
}

function invalid(why: string): CountersignError {
  return new CountersignError('EVIDENCE_INVALID', `the lines of the signer's journal do not hold: ${why}`, {
    hint: 'Get the evidence anew; if it stays like this, have the journal itself verified.',
  });
}
