export { type SignerLimits } from './limits.js';
export { type RunningSigner, runSigner, type SignerOptions } from './run-signer.js';
export { initSigner, type InitOptions, type InitReport } from './init-signer.js';
export { type OnStep, type SignerStep } from './steps.js';
