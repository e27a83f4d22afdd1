import { askOnce, type PoolOptions } from '../supervisor/index.js';
import type { TokenConfig, TokenKey } from '../token-types.js';

/**
 * The keys of a token that carry a label of ours.
 *
 * @throws TOKEN_NOT_FOUND, TOKEN_AMBIGUOUS, TOKEN_UNAVAILABLE, MODULE_NOT_LOADED, PIN_FILE_INVALID, PIN_REFUSED, PIN_LOCKED
 */
export async function listKeys(token: TokenConfig, options: PoolOptions): Promise<TokenKey[]> {
  const { keys } = await askOnce(token, options, { type: 'keys' }, token.signTimeoutMs);
  return keys;
}
