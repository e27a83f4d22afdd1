import { askOnce, type PoolOptions } from '../supervisor/index.js';
import type { CanaryKey, TokenConfig, TokenKey } from '../token-types.js';

/**
 * The keys of a token that carry a label of ours.
 *
 * @throws TOKEN_NOT_FOUND, TOKEN_AMBIGUOUS, TOKEN_UNAVAILABLE, MODULE_NOT_LOADED, PIN_FILE_INVALID, PIN_REFUSED, PIN_LOCKED
 */
export async function listKeys(token: TokenConfig, options: PoolOptions): Promise<TokenKey[]> {
  return (await readToken(token, options)).keys;
}

/** The same, and its canary key. @throws the codes of `listKeys` */
export async function readToken(
  token: TokenConfig,
  options: PoolOptions,
): Promise<{ keys: TokenKey[]; canary: CanaryKey | null }> {
  const { keys, canary } = await askOnce(token, options, { type: 'keys' }, token.signTimeoutMs);
  return { keys, canary };
}
