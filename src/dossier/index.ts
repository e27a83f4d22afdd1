export { buildWaveStatement } from './build-wave-statement.js';
export type { WaveStatementInput } from './build-wave-statement.js';
export { offlineTargetsKeyids } from './check-sign.js';
export { MAX_STATEMENT_LIFETIME_MS } from './check-statement.js';
export type { DossierLine, JournalLine, RejectionLine, SignatureLine } from './dossier-line.js';
export { explainVerification } from './explain-verification.js';
export { DEFAULT_DOSSIER_LIMITS } from './limits.js';
export type { DossierLimits } from './limits.js';
export { parsePins, serializePins } from './pins.js';
export type { Pins } from './pins.js';
export { readDossierLines } from './read-dossier-lines.js';
export { requireApproved } from './require-approved.js';
export { shortCode } from './short-code.js';
export { encodeStatement, parseStatement, reasonSchema, statementSha256 } from './statement.js';
export type { Statement, StatementDocument } from './statement.js';
export type {
  CheckedApproval,
  CheckedJournal,
  CheckedRejection,
  DossierSignature,
  IgnoredRejection,
  NotCounted,
  Quorum,
  VerifiedDossier,
} from './verified-dossier.js';
export { verifyDossier } from './verify-dossier.js';
export type { VerifyOptions } from './verify-dossier.js';
export { writeDossier } from './write-dossier.js';
export type { DossierParts } from './write-dossier.js';
