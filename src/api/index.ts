export type { Access, AnswerSpec, Operation } from './operation.js';
export { OPERATIONS, type OperationId } from './operations.js';
export { BEARER_PREFIXES, HEADERS, MEDIA_TYPES } from './wire.js';
export { PROBLEM_TYPE_PREFIX, problemSchema, type Problem } from './schemas/problem.js';
export { submitBundleBodySchema, type BundleSubmissionBody } from './schemas/bundles.js';
export {
  importedSignaturesBodySchema,
  rootUpdateDocumentsSchema,
  rootUpdateIntentionSchema,
  type ExternalSignaturesBody,
  type ImportedSignaturesBody,
  type RootChainsWire,
  type RootIntentionBody,
  type RootTransactionWire,
  type RootUpdateIntentionBody,
} from './schemas/root-updates.js';
export { waveDocumentSchema, waveIntentionSchema, type WaveIntentionBody } from './schemas/waves.js';
export { type RequestDiff, type RequestListWire, type RequestView, type SubmissionWire } from './schemas/requests.js';
export type { RegisterRequestKeysBody, RequestKeyListWire } from './schemas/request-keys.js';
export type { ChallengeWire, SessionWire } from './schemas/login.js';
export type { EventListWire, KeyListWire, PolicyWire, ReadinessWire } from './schemas/service.js';
export {
  createApiClient,
  type ApiClient,
  type ApiClientOptions,
  type RequestListFilter,
  type RootUpdateBody,
  type RootUpdateDocumentsBody,
  type WaveDocumentBody,
  type WaveRequestBody,
} from './client/index.js';
export { preferredWait } from './prefer-wait.js';
export { STATUS_OF_CODE } from './status-of-code.js';
