export { callerOf, identify, type Identity } from './identify.js';
export type { AskFactory, RequestKeys } from './ports.js';
export { requireRequestSignature, type ShownKeys } from './request-signature.js';
