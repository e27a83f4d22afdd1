import { askOnce, type PoolOptions } from '../supervisor/index.js';
import type { CanaryKey, KeyType, TokenConfig } from '../token-types.js';

/** RSA-4096 takes a small token minutes. */
const GENERATE_TIMEOUT_MS = 600_000;

/**
 * Makes the key with which a token proves, again and again, that it can sign. It never leaves the token either, but nothing depends on it:
 * it stands in no root.
 *
 * @throws KEY_EXISTS, KEY_ATTRIBUTES, TOKEN_MECHANISM_MISSING; TOKEN_*, PIN_* and MODULE_NOT_LOADED as for any use of a token
 */
export async function generateCanary(token: TokenConfig, type: KeyType, options: PoolOptions): Promise<CanaryKey> {
  const { canary } = await askOnce(token, options, { type: 'generate-canary', keyType: type }, GENERATE_TIMEOUT_MS);
  return canary;
}
