export { createSignerClient, type SignerClient, type SignerClientOptions } from './client/index.js';
export { type JournalReport, resetClock, verifyJournal } from './journal/index.js';
export {
  destroyKey,
  generateCanary,
  generateKey,
  type KeyToDestroy,
  type KeyToGenerate,
  listKeys,
  readKeyUses,
  readNewestRoots,
  readPins,
  readToken,
} from './keys/index.js';
export { type KeyUses, useOf } from './decide/index.js';
export { requirePinFile, resetPin } from './pin/index.js';
export {
  applyRecovery,
  type AppliedRecoveryReport,
  type ApplyRecoveryOptions,
  draftRecovery,
  type DraftRecoveryOptions,
  type EvidenceFile,
  type OnRecoverStep,
  type RecoverStep,
} from './recover/index.js';
export { publishedRootsSchema, publishedSchema } from './protocol.js';
export type {
  Progress,
  ProvedKey,
  ProveRequest,
  Published,
  PublishedResult,
  PublishedRoots,
  PublishedRootsResult,
  SignerKey,
  SignerKeys,
  SignerStatus,
  SignResult,
  StatementJournal,
  Unlocked,
  Veto,
  VetoResult,
} from './protocol.js';
export {
  type InitOptions,
  type InitReport,
  initSigner,
  type OnStep,
  type RunningSigner,
  runSigner,
  type SignerLimits,
  type SignerOptions,
  type SignerStep,
} from './server/index.js';
export { openTokenPools } from './token-pool.js';
export {
  type CanaryKey,
  type KeyAttributes,
  type KeyRole,
  type KeyType,
  type TokenConfig,
  type TokenKey,
  type TokenPool,
  type TokenStatus,
} from './token-types.js';
