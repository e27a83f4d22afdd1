export { MAX_PER_LINE } from './entry.js';
export type { JournalBody, JournalBodyOf, JournalEntryOf, JournalHead } from './entry.js';
export { createJournal } from './create-journal.js';
export { Journal, type JournalOptions } from './journal.js';
export { resetClock } from './reset-clock.js';
export {
  type DocumentLine,
  type Intent,
  type IssuedDocument,
  isComplete,
  type MadeSignature,
  signatureName,
  type SignerState,
  type VersionDigest,
  wantedSignatures,
  type Watermark,
} from './state.js';
export { type JournalReport, verifyJournal } from './verify-journal.js';
