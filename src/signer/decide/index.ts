export { decide, newVetoes } from './decide.js';
export type { Circumstances, Decision } from './decision.js';
export { documentsOf, findForeignSignatures } from './foreign-signatures.js';
export { findOwnKey, type OwnKey, ownKeys } from './own-keys.js';
export { newPolicies } from './policies.js';
export { judgePublished, type PublishedDecision } from './published.js';
export { newRoots } from './roots.js';
export { requireStillWanted } from './stops.js';
export { judgeVeto, type VetoDecision } from './veto.js';
