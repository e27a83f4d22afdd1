export { requireCanary } from './canaries.js';
export { decide } from './decide.js';
export type { Circumstances, Decision } from './decision.js';
export { judgePublished, type PublishedDecision } from './published.js';
export { requireStillWanted } from './stops.js';
export { judgeVeto, type VetoDecision } from './veto.js';
