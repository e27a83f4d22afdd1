export { alignColumns } from './align-columns.js';
export { applyWave } from './apply-wave.js';
export {
  applyBundle,
  bundleChangeSchema,
  describeBundle,
  diffBundle,
  findPlaces,
  formatBundle,
  requireListed,
  verifyBundleSignatures,
  verifyStick,
} from './bundle/index.js';
export type { BundleChange, BundlePlaces, BundleSummary, Stick } from './bundle/index.js';
export { describeWave } from './describe-wave.js';
export type { AddedTarget, AppChange, HardwareSummary, TargetSummary, WaveSummary } from './describe-wave.js';
export { diffWave } from './diff-wave.js';
export { formatWave } from './format-wave.js';
export { jsonPointer } from './json-pointer.js';
export { factoryNameSchema, sourceTagSchema, tagSchema, waveNameSchema } from './names.js';
export type { WaveBase } from './plan-wave.js';
export { REPOSITORIES } from './repository.js';
export type { Repository } from './repository.js';
export { requireRootOf } from './require-root-of.js';
export {
  applyRootChanges,
  checkRootAnswer,
  checkRootRules,
  chooseReSigned,
  describeRoot,
  describeRootChanges,
  describeRootUpdate,
  diffRoot,
  checkTargetsDocument,
  documentName,
  formatRootChanges,
  goingKeys,
  missingKeys,
  planRootUpdate,
  readBegunUpdate,
  readRootChanges,
  requireRootAnswer,
  requireRootSigners,
  ReSigning,
  reSignDocuments,
  rootChangeSchema,
  writeRootChanges,
} from './root/index.js';
export type {
  AnsweredRoots,
  AnswerFinding,
  DescribedDocument,
  DescribedKey,
  DescribedKeyChange,
  DescribedThreshold,
  DocumentToSign,
  KeyOwner,
  NewKey,
  OfflineRole,
  OnlineKeyids,
  OnlineRole,
  ProposedRoots,
  ReSignOptions,
  RootBase,
  RootChange,
  RootDescription,
  RootIntent,
  RootPlan,
  RootRules,
  RootSigners,
  RootSummary,
  RootUpdate,
  RootWarning,
  SentRoots,
  TargetsDocument,
} from './root/index.js';
export { readWaveChanges, waveChangeSchema, writeWaveChanges } from './wave-change.js';
export type { WaveChange } from './wave-change.js';
