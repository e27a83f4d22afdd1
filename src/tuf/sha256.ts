import { createHash } from 'node:crypto';

/**
 * SHA-256 as 64 lower-case hexadecimal digits.
 *
 * @param bytes the bytes, or a text whose UTF-8 bytes are meant
 */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
