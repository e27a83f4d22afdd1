const SECRET_NAME = /pin$|^pin|password|passphrase|secret|token$|authorization|cookie|private|osf-token/i;
const SAFE_NAMES = new Set(['token']); // a PKCS#11 token's label is a name, see below

/**
 * A copy of `value` in which every member whose name promises a secret reads `[redacted]`.
 * `token` stays where it names a PKCS#11 token (an object or a short label) and is redacted where it looks
 * like a bearer token. Symbols that winston keeps on its records are carried over.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (depth > 8 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if (value instanceof Error || Buffer.isBuffer(value)) return value;
  const copy: Record<string | symbol, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    const member = (value as Record<string | symbol, unknown>)[key];
    copy[key] = typeof key === 'string' && isSecret(key, member) ? '[redacted]' : redact(member, depth + 1);
  }
  return copy;
}

function isSecret(name: string, member: unknown): boolean {
  if (SAFE_NAMES.has(name.toLowerCase())) return typeof member === 'string' && member.length > 40;
  return SECRET_NAME.test(name);
}
