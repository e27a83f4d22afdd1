import type { IncomingMessage } from 'node:http';
import { CountersignError } from '../../errors.js';
import type { SignerState } from '../journal/index.js';
import { type Receipt, RECEIPT_HEADER } from '../protocol.js';

const FORM = /^([0-9a-f]{64}) ([1-9][0-9]{0,14}) ([0-9a-f]{64})$/;

/** The receipt that a caller shows, null if none. @throws INPUT_INVALID */
export function receiptIn({ headers }: Pick<IncomingMessage, 'headers'>): Receipt | null {
  const text = headers[RECEIPT_HEADER];
  if (text === undefined) return null;
  const [, statement, seq, hash] = FORM.exec(String(text)) ?? [];
  if (statement !== undefined && hash !== undefined) return { statement, seq: Number(seq), hash };
  throw new CountersignError('INPUT_INVALID', `the header ${RECEIPT_HEADER} is no receipt`);
}

/**
 * Whether the journal holds what a receipt was given for. Its lines hang together by their hashes, so one that is there says
 * that everything before it is. Of a recovered statement the receipt is another one, and officers said that it is known.
 */
export function holdsReceipt({ intents }: SignerState, { statement, seq, hash }: Receipt): boolean {
  const intent = intents.get(statement);
  if (intent === undefined) return false;
  if (intent.recovered !== null) return true;
  return [...intent.signatures.values()].some((signature) => signature.seq === seq && signature.hash === hash);
}

/**
 * Refuses to decide anything while signatures are out in the world that this journal never saw: its watermarks and vetoes are those of
 * another time. A service that lies about it stops its own signing and nothing else.
 *
 * @throws JOURNAL_INCOMPLETE
 */
export function requireReceipt(state: SignerState, receipt: Receipt | null): void {
  if (receipt === null || holdsReceipt(state, receipt)) return;
  throw new CountersignError(
    'JOURNAL_INCOMPLETE',
    'the service holds a signature that this signer’s journal does not know: the journal was lost, or an older one was put back',
    {
      hint: 'put the newest journal back if there is one; else rebuild it with countersign signer recover (README, "The journal was lost")',
      details: { statement: receipt.statement, seq: receipt.seq, head: state.head.seq },
    },
  );
}
