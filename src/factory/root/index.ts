export { applyRootChanges, type RootUpdate } from './apply-root-changes.js';
export {
  checkRootAnswer,
  requireRootAnswer,
  type AnsweredRoots,
  type AnswerFinding,
  type SentRoots,
} from './check-answer.js';
export { checkRootRules, type RootRules } from './check-root-rules.js';
export { chooseReSigned, type ReSignOptions } from './choose-re-signed.js';
export { describeRoot, type RootDescription } from './describe-root.js';
export { describeRootChanges, describeRootUpdate } from './describe-root-changes.js';
export { diffRoot, type ProposedRoots } from './diff-root.js';
export { formatRootChanges } from './format-root-changes.js';
export type { OnlineKeyids } from './infer-online-keys.js';
export { planRootUpdate } from './plan-root.js';
export { readBegunUpdate } from './read-begun-update.js';
export { ReSigning, reSignDocuments, type DocumentToSign } from './re-sign-documents.js';
export type { RootBase } from './root-base.js';
export {
  rootChangeSchema,
  type KeyOwner,
  type NewKey,
  type OfflineRole,
  type OnlineRole,
  type RootChange,
} from './root-change.js';
export { readRootChanges, writeRootChanges, type RootIntent } from './root-intent.js';
export type { RootPlan } from './root-plan.js';
export { goingKeys, missingKeys, requireRootSigners, type RootSigners } from './root-signers.js';
export type {
  DescribedDocument,
  DescribedKey,
  DescribedKeyChange,
  DescribedThreshold,
  RootSummary,
  RootWarning,
} from './root-summary.js';
export { checkTargetsDocument, documentName, type TargetsDocument } from './targets-document.js';
