import { CountersignError } from '../../errors.js';
import type { Journal, JournalBody, JournalEntryOf } from '../journal/index.js';
import type { StatementJournal } from '../protocol.js';

const OWN: readonly JournalBody['type'][] = ['intent-part', 'intent', 'signature', 'signatures'];

/**
 * The journal's lines from the intent to sign a statement to its last signature. Lines of other requests that stand in between are
 * given by their place and hash alone: they hold names, reasons and documents that whoever gets this evidence need not know.
 *
 * @throws NOT_FOUND this signer never decided to sign it; JOURNAL_DAMAGED
 */
export async function statementJournal(journal: Journal, statementSha256: string): Promise<StatementJournal> {
  const intent = journal.state.intents.get(statementSha256);
  if (intent === undefined) {
    throw new CountersignError('NOT_FOUND', 'the journal has no decision to sign this statement', {
      hint: 'Was it signed by this signer, and is this its whole journal?',
      details: { statement: statementSha256 },
    });
  }
  if (intent.recovered !== null) return { lines: recoveredLines(intent.recovered) };
  let last = intent.entry.seq;
  for (const { seq } of intent.signatures.values()) last = Math.max(last, seq);
  const lines: StatementJournal['lines'] = [];
  for await (const { entry, text } of journal.excerpt(intent.firstSeq, last)) {
    const { type, seq, prev, hash } = entry;
    const own = 'statement' in entry && entry.statement === statementSha256 && OWN.includes(type);
    lines.push(own ? { type: 'journal', text } : { type: 'journal-hash', seq, prev, hash });
  }
  return { lines };
}

/** Evidence stays what it was, byte for byte, though this journal is another one. */
function recoveredLines({ lines, statement, seq }: JournalEntryOf<'recovered'>): StatementJournal['lines'] {
  if (lines.length > 0) return lines;
  throw new CountersignError(
    'NOT_FOUND',
    'the journal’s lines about this statement were lost with an earlier journal',
    {
      hint: 'Its dossier still proves who approved it and what was signed; the order is proved by older evidence only.',
      details: { statement, recovered: seq },
    },
  );
}
