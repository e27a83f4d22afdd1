import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { BEARER_PREFIXES } from '../../api/index.js';

export type BearerKind = keyof typeof BEARER_PREFIXES;

/** A bearer token taken apart. The secret is 256 random bits, so a plain digest of it is safe to store. */
export interface Bearer {
  readonly kind: BearerKind;
  /** Public, 16 hex digits: finds the record, and stands in logs. */
  readonly id: string;
  /** Base64url, 43 characters. */
  readonly secret: string;
}

const FORM = /^(cst|css)_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export function createBearer(kind: BearerKind): Bearer {
  return { kind, id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('base64url') };
}

export function formatBearer({ kind, id, secret }: Bearer): string {
  return `${BEARER_PREFIXES[kind]}_${id}_${secret}`;
}

/** Null for anything that is no bearer token of ours. */
export function parseBearer(text: string): Bearer | null {
  const [, prefix, id, secret] = FORM.exec(text) ?? [];
  if (prefix === undefined || id === undefined || secret === undefined) return null;
  return { kind: prefix === BEARER_PREFIXES.token ? 'token' : 'session', id, secret };
}

/** Hex SHA-256 of the secret, which is all that is stored. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

/**
 * Whether the secret belongs to the stored digest. Without a record (null) the same work is done, so that the
 * time of the answer does not tell unknown ids from wrong secrets.
 */
export function secretMatches(secret: string, storedSha256: string | null): boolean {
  const given = Buffer.from(hashSecret(secret), 'hex');
  const stored = Buffer.from(storedSha256 ?? '', 'hex');
  const expected = stored.length === given.length ? stored : Buffer.alloc(given.length);
  return timingSafeEqual(given, expected) && stored.length === given.length;
}
