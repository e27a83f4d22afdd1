import { describeError } from './describe-error.js';

/** Words that promise a secret when one of them is a word of a member's name (`userPin`, `Osf-Token`, `client_secret`). */
const SECRET_WORDS = new Set([
  'pin',
  'password',
  'passphrase',
  'secret',
  'token',
  'bearer',
  'authorization',
  'cookie',
  'private',
  'session',
  'txid',
]);
/** A PKCS#11 token's label has at most 32 bytes; anything longer under the bare name `token` is a bearer token. */
const LONGEST_LABEL = 32;
const MAX_DEPTH = 8;

/**
 * A copy of `value` in which every member whose name promises a secret reads `[redacted]`, whatever its value. The bare
 * name `token` is kept where it can be the label of a PKCS#11 token, and objects under a secret's name are looked into.
 * Symbols that winston keeps on its records are carried over. An error becomes an object with its code, text and causes. What
 * lies deeper than eight levels is left out.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  // winston reads the text of a record that is an error itself
  if (value instanceof Error) return depth === 0 ? value : redact(describeError(value), depth);
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const copy: Record<string | symbol, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    const member: unknown = Reflect.get(value, key);
    copy[key] = typeof key === 'string' && isSecret(key, member) ? '[redacted]' : redact(member, depth + 1);
  }
  return copy;
}

function isSecret(name: string, member: unknown): boolean {
  if (typeof member === 'object' || typeof member === 'boolean' || typeof member === 'number') return false;
  if (name === 'token') return typeof member === 'string' && member.length > LONGEST_LABEL;
  const words = name
    .replace(/([a-z0-9])([A-Z])/gu, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/u);
  return words.some((word) => SECRET_WORDS.has(word));
}
