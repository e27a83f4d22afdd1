export {
  checkRecoverySignatures,
  policyOfRecovery,
  type RecoverySignaturesCheck,
  requireRecoveryApproved,
  type SignedRecovery,
} from './check-recovery.js';
export { describeRecovery } from './describe-recovery.js';
export { encodeRecovery, parseRecovery, type Recovery } from './recovery.js';
export { parseRecoveryFile, type RecoveryFile, serializeRecoveryFile } from './recovery-file.js';
