import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** `req_` and a ULID. */
export function newRequestId(now: Date): string {
  return `req_${newUlid(now)}`;
}

/** A ULID in lower case: 48 bits of time in milliseconds, then 80 random bits, so that ids sort by time. */
export function newUlid(now: Date): string {
  let time = '';
  for (let rest = now.getTime(), place = 0; place < 10; place += 1, rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  // 32 divides 256: every letter is equally likely.
  const random = Array.from(randomBytes(16), (byte) => ALPHABET.charAt(byte % 32)).join('');
  return `${time}${random}`;
}
