export { requireTokenConfig } from './open-task.js';
export { createStartGate, type StartGate } from './start-gate.js';
export type { Timers } from './timers.js';
export { askModule, askOnce } from './with-worker.js';
export { type PoolOptions, WorkerPool } from './worker-pool.js';
export type { WorkerOptions } from './worker-process.js';
