import { askOnce, type PoolOptions } from '../supervisor/index.js';
import type { KeyRole, KeyType, TokenConfig, TokenKey } from '../token-types.js';

/** RSA-4096 takes a small token minutes. */
const GENERATE_TIMEOUT_MS = 600_000;

export interface KeyToGenerate {
  readonly factory: string;
  readonly role: KeyRole;
  readonly type: KeyType;
  /** Keyids of this role that are in use (a root names them) and so are no standby keys. */
  readonly consumed?: readonly string[];
  /** Make one even if a standby key is there. */
  readonly force?: boolean;
}

/**
 * Makes a key pair in the token that can never leave it: the one standby key of its Factory, role and token. It has
 * signed once, and its attributes were read back, before it is reported; else it is destroyed again.
 *
 * @throws KEY_EXISTS, KEY_ATTRIBUTES, TOKEN_MESSAGE_LIMIT (Ed25519 for targets on a token that limits its messages),
 *   TOKEN_MECHANISM_MISSING, INPUT_INVALID; TOKEN_*, PIN_* and MODULE_NOT_LOADED as for any use of a token
 */
export async function generateKey(token: TokenConfig, wanted: KeyToGenerate, options: PoolOptions): Promise<TokenKey> {
  const { factory, role, type, consumed = [], force = false } = wanted;
  const request = { factory, role, type, consumed: [...consumed], force };
  const { key } = await askOnce(token, options, { type: 'generate', request }, GENERATE_TIMEOUT_MS);
  return key;
}
