export { applyRecovery, type AppliedRecoveryReport, type ApplyRecoveryOptions } from './apply-recovery.js';
export { draftRecovery, type DraftRecoveryOptions } from './draft-recovery.js';
export type { EvidenceFile } from './inputs.js';
export type { OnRecoverStep, RecoverStep } from './replace-journal.js';
