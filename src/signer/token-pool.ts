import { createStartGate, type PoolOptions, requireTokenConfig, WorkerPool } from './supervisor/index.js';
import type { TokenConfig, TokenPool } from './token-types.js';

/**
 * Starts the workers of one token; resolves when each was tried once. A token that is not there, or whose PIN is
 * refused, is no error here: the pool's `status` tells, and so does every job.
 *
 * @throws CONFIG_INVALID
 */
export async function openTokenPool(config: TokenConfig, options: PoolOptions): Promise<TokenPool> {
  return WorkerPool.open(config, options);
}

/**
 * One pool for each token, in the order of `configs`. Their workers start one after another, whatever token they are
 * for: tokens often share a module.
 *
 * @throws CONFIG_INVALID
 */
export async function openTokenPools(
  configs: readonly TokenConfig[],
  options: Omit<PoolOptions, 'startGate'>,
): Promise<TokenPool[]> {
  for (const config of configs) requireTokenConfig(config); // before any process is started
  const startGate = createStartGate();
  return Promise.all(configs.map((config) => openTokenPool(config, { ...options, startGate })));
}
