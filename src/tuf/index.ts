export { type Algorithm, algorithmOf } from './algorithm.js';
export { canonicalize, parseCanonical } from './canonical.js';
export { encodeCanonical } from './encode-canonical.js';
export { verifyNotExpired } from './expiry.js';
export { type JsonLimits, type JsonObject, jsonPointer, type JsonValue, pointerTo } from './json.js';
export { keyFromSpkiDer, keyidOf, publicKeyDer, publicKeyObject } from './key.js';
export type {
  Key,
  ListingMetadata,
  Metadata,
  OfflineBundle,
  OfflineBundleMetadata,
  Role,
  Root,
  RootMetadata,
  Signature,
  Signed,
  SignedPart,
  TargetEntry,
  Targets,
  TargetsMetadata,
} from './metadata.js';
export {
  parseOfflineBundle,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTargetsSigned,
  parseTimestamp,
  serializeMetadata,
} from './parse-metadata.js';
export { verifyRootChain, verifyRootUpdate } from './root-chain.js';
export { sha256Hex } from './sha256.js';
export { verifySignature } from './signature.js';
export { verifySignatureOnce } from './signature-once.js';
export { encodeText, parseText } from './text.js';
export {
  checkThreshold,
  requireThreshold,
  type SignedDocument,
  type ThresholdResult,
  verifyThreshold,
} from './threshold.js';
export { formatTime, parseTime } from './time.js';
export { verifyTargets } from './verify-targets.js';
