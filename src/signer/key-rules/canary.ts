import { CountersignError } from '../../errors.js';

/** Label of a token's canary key: none of those that keys with a role carry (`formatKeyLabel`). */
export const CANARY_LABEL = 'countersign:canary';

/** Never to be taken for metadata, a statement or anything else that counts: it is no JSON. */
const PREFIX = 'countersign canary\n';
const MAX_CANARY_BYTES = 256;

/** A text that no canary signed before. */
export function canaryText(at: Date, random: Uint8Array): Buffer {
  return Buffer.from(`${PREFIX}${at.toISOString()}\n${Buffer.from(random).toString('hex')}\n`);
}

/**
 * Nothing but such a text is ever signed with a canary key, whoever asks.
 *
 * @throws INPUT_INVALID
 */
export function requireCanaryText(text: Buffer): void {
  const isCanary = text.length <= MAX_CANARY_BYTES && text.subarray(0, PREFIX.length).equals(Buffer.from(PREFIX));
  if (isCanary) return;
  throw new CountersignError('INPUT_INVALID', 'a canary key signs canary texts only');
}
