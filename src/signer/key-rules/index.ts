export { CANARY_LABEL, canaryText, requireCanaryText } from './canary.js';
export { factoryInLabel, factoryOfLabel, formatKeyLabel, type KeyLabel, parseKeyLabel } from './label.js';
export { requireKeyProofText } from './key-proof.js';
export { requireFreshSecrecy, requireSecrecy } from './key-secrecy.js';
export { messageLimitOf, requireWithinLimit, type TokenModel } from './message-limit.js';
