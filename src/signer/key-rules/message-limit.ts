import { CountersignError } from '../../errors.js';
import type { Key } from '../../tuf/index.js';

/** What of a token's description decides how long a message it signs. */
export interface TokenModel {
  readonly manufacturer: string;
  readonly model: string;
  /** As in CK_TOKEN_INFO; a YubiHSM gives minor and patch as `minor * 10 + patch`. */
  readonly firmware: { readonly major: number; readonly minor: number };
}

/**
 * The longest message, in bytes, that a token signs with a key of this type; null if it has no limit. RSA signs a
 * digest. For Ed25519 a YubiHSM takes the whole message into one command: 3,114 bytes since firmware 2.4, 2,026 before.
 */
export function messageLimitOf(token: TokenModel, keytype: Key['keytype']): number | null {
  if (keytype !== 'ED25519' || !isYubiHsm(token)) return null;
  const { major, minor } = token.firmware;
  return major > 2 || (major === 2 && minor >= 40) ? 3114 : 2026;
}

/** @throws TOKEN_MESSAGE_LIMIT if the message is longer than the key's token signs */
export function requireWithinLimit(keyid: string, messageBytes: number, maxMessageBytes: number | null): void {
  if (maxMessageBytes === null || messageBytes <= maxMessageBytes) return;
  throw new CountersignError(
    'TOKEN_MESSAGE_LIMIT',
    `the token signs at most ${maxMessageBytes} bytes with this key; the document has ${messageBytes}`,
    { hint: 'use an RSA key for this role', details: { keyid, maxMessageBytes, messageBytes } },
  );
}

function isYubiHsm({ manufacturer, model }: TokenModel): boolean {
  return /^yubico/i.test(manufacturer) && /^yubihsm/i.test(model);
}
