import { z } from 'zod';
import { parseWithSchema, sha256Schema, timeSchema } from '../approval/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import { factoryNameSchema, tagSchema, waveChangeSchema, waveNameSchema } from '../factory/index.js';
import { encodeText, parseText, sha256Hex, type JsonValue } from '../tuf/index.js';

/** How a request reached the service. */
const VIAS = ['ci', 'token', 'login', 'fioctl'] as const;

/** Every kind there will be; a verifier refuses those that it has no rules for. */
const KINDS = ['wave', 'root', 'bundle', 'policy'] as const;

const MAX_STATEMENT_BYTES = 256 * 1024;
const MAX_SIGNING_KEYS = 64;

/** `req_` and a ULID in lower case (Crockford's alphabet: no i, l, o, u). */
const requestIdSchema = z.string().regex(/^req_[0-9a-hjkmnp-tv-z]{26}$/, "is 'req_' and 26 characters of a ULID");

/** Who asked, as the service says: a person of the policy or the name of a CI token. */
const requesterNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/, "has letters, digits, '.', '_', '@' and '-', at most 63");

export const reasonSchema = z
  .string()
  .max(1000, 'has at most 1000 characters')
  .refine((reason) => reason.trim() !== '', 'must say why');

const versionSchema = z.int().min(1);
/** A keyid is opaque (real roots hold some made by older rules), but always a short plain text. */
const keyidSchema = z.string().regex(/^[0-9A-Za-z._:-]{1,128}$/, 'is no keyid');
const versionedDigestSchema = z.strictObject({ version: versionSchema, sha256: sha256Schema });

const waveDocumentSchema = z.strictObject({
  role: z.literal('targets'),
  repository: z.literal('production'),
  tag: tagSchema,
  wave: waveNameSchema,
  version: versionSchema,
  expires: timeSchema,
  length: z.int().min(1),
  sha256: sha256Schema,
  sign: z
    .array(keyidSchema)
    .min(1, 'names at least one key')
    .max(MAX_SIGNING_KEYS)
    .refine((keyids) => new Set(keyids).size === keyids.length, 'names each key once'),
});

const waveStatementSchema = z.strictObject({
  _type: z.literal('countersign/statement'),
  spec: z.literal(1),
  service: sha256Schema,
  factory: factoryNameSchema,
  id: requestIdSchema,
  kind: z.literal('wave'),
  policy: versionedDigestSchema,
  requester: z.strictObject({ name: requesterNameSchema, via: z.enum(VIAS) }),
  reason: reasonSchema,
  created: timeSchema,
  expires: timeSchema,
  base: z.strictObject({
    root: z.strictObject({ version: versionSchema, ci: sha256Schema, production: sha256Schema }),
    ciTargets: versionedDigestSchema,
    targets: z.record(tagSchema, versionedDigestSchema.nullable()),
  }),
  changes: z.array(waveChangeSchema).min(2),
  keys: z.tuple([]),
  documents: z.tuple([waveDocumentSchema]),
  supersedes: z
    .strictObject({ statement: sha256Schema, documents: z.array(sha256Schema).min(1).max(MAX_SIGNING_KEYS) })
    .nullable(),
  upstream: z.null(),
});

/** What officers approve: one request, everything it builds on, and every byte that would be signed, by digest. */
export type Statement = z.infer<typeof waveStatementSchema>;
export type StatementDocument = Statement['documents'][number];

/**
 * The statement's text: canonical JSON (RFC 8785). Its UTF-8 bytes are what an approval signs.
 *
 * @throws STATEMENT_INVALID, CANONICAL_UNSAFE control or format characters in a text
 */
export function encodeStatement(statement: Statement): string {
  return encodeText(parseWithSchema(waveStatementSchema, statement, { code: 'STATEMENT_INVALID', what: 'statement' }));
}

/**
 * Parses a statement's text. Only the one canonical text is accepted: two texts that say the same would have two
 * digests, and an approval of one would be none of the other.
 *
 * @throws STATEMENT_INVALID not canonical, or a member is missing, unknown or of the wrong form
 * @throws KIND_NOT_ALLOWED a kind that this version has no rules for
 */
export function parseStatement(text: string): Statement {
  const value = parseStatementText(text);
  const kind = typeof value === 'object' && value !== null && !Array.isArray(value) ? value['kind'] : undefined;
  const known = KINDS.find((candidate) => candidate === kind);
  if (known !== undefined && known !== 'wave') {
    throw new CountersignError('KIND_NOT_ALLOWED', `this version judges no statements of kind ${known}`, {
      pointer: '/kind',
    });
  }
  const statement = parseWithSchema(waveStatementSchema, value, { code: 'STATEMENT_INVALID', what: 'statement' });
  // A schema that passed over a member (zod skips `__proto__` in records) must not decide what was approved.
  if (encodeText(statement) !== text) {
    throw new CountersignError('STATEMENT_INVALID', 'the statement holds members that have no meaning', {
      pointer: '',
    });
  }
  return statement;
}

/** Hex SHA-256 of the statement's UTF-8 bytes: what rejections and watermarks name it by. */
export function statementSha256(text: string): string {
  return sha256Hex(text);
}

function parseStatementText(text: string): JsonValue {
  try {
    return parseText(text, { maxBytes: MAX_STATEMENT_BYTES });
  } catch (cause) {
    const pointer = isCountersignError(cause) ? cause.pointer : undefined;
    throw new CountersignError('STATEMENT_INVALID', 'the statement is not canonical text', {
      cause,
      ...(pointer === undefined ? {} : { pointer }),
    });
  }
}
