export { buildBundleStatement } from './build-bundle-statement.js';
export type { BundleStatementInput } from './build-bundle-statement.js';
export { buildRootStatement } from './build-root-statement.js';
export type { RootStatementInput } from './build-root-statement.js';
export { buildWaveStatement } from './build-wave-statement.js';
export type { WaveStatementInput } from './build-wave-statement.js';
export type { BundleStatement, BundleStatementDocument } from './bundle-statement.js';
export { readJournalSignatures } from './check-journal.js';
export { checkExternals } from './check-externals.js';
export { findMissingSigners } from './check-root-sign.js';
export { checkHeldKey } from './check-statement-keys.js';
export { offlineTargetsKeyids } from './check-sign.js';
export { MAX_STATEMENT_LIFETIME_MS } from './check-statement.js';
export type { DossierLine, ExternalLine, JournalLine, RejectionLine, SignatureLine } from './dossier-line.js';
export { explainVerification } from './explain-verification.js';
export { DEFAULT_DOSSIER_LIMITS } from './limits.js';
export type { DossierLimits } from './limits.js';
export { HeldMatters } from './held-matters.js';
export { readJournalLines, writeJournalLines } from './journal-lines.js';
export { parsePins, serializePins } from './pins.js';
export type { Pins } from './pins.js';
export { readDossierLines } from './read-dossier-lines.js';
export { requireApproved } from './require-approved.js';
export { shortCode } from './short-code.js';
export { keyProofPayload, verifyKeyProof } from './key-proof.js';
export type { KeyProof, KeyProofSubject } from './key-proof.js';
export { requireKind } from './require-kind.js';
export { statementKeySchema } from './root-statement.js';
export type { RootStatement, RootStatementDocument, StatementKey } from './root-statement.js';
export { encodeStatement, parseStatement, statementSha256 } from './statement.js';
export type { Statement, StatementDocument } from './statement.js';
export { reasonSchema } from './statement-parts.js';
export type { WaveStatement, WaveStatementDocument } from './wave-statement.js';
export type {
  BaseDocument,
  CheckedApproval,
  CheckedJournal,
  CheckedRejection,
  DossierSignature,
  ExternalSignature,
  IgnoredRejection,
  MissingSigners,
  NotCounted,
  Quorum,
  VerifiedBundleDossier,
  VerifiedDossier,
  VerifiedRootDossier,
  VerifiedWaveDossier,
  WrittenJournal,
} from './verified-dossier.js';
export { verifyDossier } from './verify-dossier.js';
export type { VerifyOptions } from './verify-dossier.js';
export { writeBundleDossier } from './write-bundle-dossier.js';
export type { BundleDossierParts } from './write-bundle-dossier.js';
export { withSignatures } from './with-signatures.js';
export { writeDossier } from './write-dossier.js';
export type { DossierParts } from './write-dossier.js';
export { writeRootDossier } from './write-root-dossier.js';
export type { RootDossierParts } from './write-root-dossier.js';
