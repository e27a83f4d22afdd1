export { fetchPlaces } from './bundle/bundle-diff.js';
export type { BundleSubmission } from './bundle/bundle-submission.js';
export { createSigningService } from './create-signing-service.js';
export type {
  Clock,
  FactoryAccount,
  FactoryPort,
  ProvedKey,
  PublishedRoots,
  PublishedTargets,
  RolloutOptions,
  SignerKey,
  SignerPort,
  SignerProgress,
  SignerSignature,
  SignerStatus,
  SignResult,
  Timers,
  Veto,
  Watermark,
  WatermarkLevel,
  WaveInfo,
  WaveToCreate,
} from './ports.js';
export {
  ROOT_STEPS,
  STEPS,
  type SigningDependencies,
  type SigningLimits,
  type Step,
  type WaveStep,
} from './dependencies.js';
export { EVENT_TYPES, type EventStore, type EventType, type NewEvent, type StoredEvent } from './event-port.js';
export type { GatewayDraft, GatewayDraftStore } from './gateway-draft-port.js';
export type {
  BegunRootUpdate,
  FactoryRoots,
  FirstRootKey,
  RootsToPut,
  RootUpdatePort,
  RootUpdateStatus,
} from './root-update-port.js';
export type { AddRequestKeysOutcome, RequestKey, RequestKeyStore } from './request-key-port.js';
export { findRequestKeys } from './request-keys/in-roots.js';
export { requestKeyProofPayload, type RequestKeyRegistration } from './request-keys/registration.js';
export type { RootDocuments, RootIntention, RootIntentions, RootSubmission } from './root/root-submission.js';
export type { RootChains, RootTransactionView } from './root/show-roots.js';
export {
  type Caller,
  type EventView,
  type Progress,
  type ReadinessCheck,
  type ReadinessReport,
  type RequestDiff,
  type RequestRoot,
  type RequestView,
  type SigningService,
  type SubmitResult,
  type WaveDocument,
  type WaveIntention,
  type WaveSubmission,
} from './service.js';
export {
  CLOSED_BECAUSE,
  REQUEST_STATES,
  SCOPES,
  type BlobStore,
  type ChallengeRecord,
  type ChallengeStore,
  type ClosedBecause,
  type IdempotencyKey,
  type InsertOutcome,
  type LastError,
  type NewRequest,
  type NewRootTransaction,
  type RequestFilter,
  type RequestKind,
  type RequestMaterial,
  type RequestState,
  type RequestStore,
  type RootTransaction,
  type RootUpdateStore,
  type Requester,
  type Scope,
  type SessionRecord,
  type SessionStore,
  type Store,
  type StoredApproval,
  type SignedPart,
  type StoredExternalSignature,
  type StoredRejection,
  type StoredRequest,
  type StoredRootUpdate,
  type StoredSignature,
  type TokenRecord,
  type TokenStore,
  type Transition,
} from './store-port.js';
