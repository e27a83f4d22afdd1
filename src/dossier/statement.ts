import { parseWithSchema } from '../approval/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import { encodeText, parseText, sha256Hex, type JsonValue } from '../tuf/index.js';
import { bundleStatementSchema, type BundleStatement, type BundleStatementDocument } from './bundle-statement.js';
import { Recall } from './recall.js';
import { rootStatementSchema, type RootStatement, type RootStatementDocument } from './root-statement.js';
import { waveStatementSchema, type WaveStatement, type WaveStatementDocument } from './wave-statement.js';

/** Every kind there will be; a verifier refuses those that it has no rules for. */
const KINDS = ['wave', 'root', 'bundle', 'policy'] as const;

/** A root update names every document that it signs again. */
const MAX_BYTES = { wave: 256 * 1024, root: 8 * 1024 * 1024, bundle: 512 * 1024 };

const SCHEMAS = { wave: waveStatementSchema, root: rootStatementSchema, bundle: bundleStatementSchema };

/** One with thousands of documents takes long to read, and whoever looks at its request reads it. */
const parsed = new Recall<Statement>(16 * 1024 * 1024);

/** What officers approve: one request, everything it builds on, and every byte that would be signed, by digest. */
export type Statement = WaveStatement | RootStatement | BundleStatement;
export type StatementDocument = WaveStatementDocument | RootStatementDocument | BundleStatementDocument;

/**
 * The statement's text: canonical JSON (RFC 8785). Its UTF-8 bytes are what an approval signs.
 *
 * @throws STATEMENT_INVALID, CANONICAL_UNSAFE control or format characters in a text
 */
export function encodeStatement(statement: Statement): string {
  const text = encodeText(
    parseWithSchema<Statement>(SCHEMAS[statement.kind], statement, { code: 'STATEMENT_INVALID', what: 'statement' }),
  );
  requireLength(text, statement.kind);
  return text;
}

/**
 * Parses a statement's text. Only the one canonical text is accepted: two texts that say the same would have two
 * digests, and an approval of one would be none of the other.
 *
 * @throws STATEMENT_INVALID not canonical, or a member is missing, unknown or of the wrong form
 * @throws KIND_NOT_ALLOWED a kind that this version has no rules for
 */
export function parseStatement(text: string): Statement {
  return parsed.get([text], () => parseAnew(text));
}

function parseAnew(text: string): Statement {
  const value = parseStatementText(text);
  const kind = kindIn(value);
  const statement = parseWithSchema<Statement>(SCHEMAS[kind], value, { code: 'STATEMENT_INVALID', what: 'statement' });
  requireLength(text, kind);
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

function kindIn(value: JsonValue): Statement['kind'] {
  const kind = typeof value === 'object' && value !== null && !Array.isArray(value) ? value['kind'] : undefined;
  if (kind === 'root' || kind === 'bundle') return kind;
  const known = KINDS.find((candidate) => candidate === kind);
  // what is of no kind at all is left for the schema to refuse
  if (known === undefined || known === 'wave') return 'wave';
  throw new CountersignError('KIND_NOT_ALLOWED', `this version judges no statements of kind ${known}`, {
    pointer: '/kind',
  });
}

function requireLength(text: string, kind: Statement['kind']): void {
  if (Buffer.byteLength(text) <= MAX_BYTES[kind]) return;
  throw new CountersignError(
    'STATEMENT_INVALID',
    `a statement of kind ${kind} has at most ${MAX_BYTES[kind]} bytes, this one has more`,
    { pointer: '', details: { maxBytes: MAX_BYTES[kind] } },
  );
}

function parseStatementText(text: string): JsonValue {
  try {
    return parseText(text, { maxBytes: MAX_BYTES.root });
  } catch (cause) {
    const pointer = isCountersignError(cause) ? cause.pointer : undefined;
    throw new CountersignError('STATEMENT_INVALID', 'the statement is not canonical text', {
      cause,
      ...(pointer === undefined ? {} : { pointer }),
    });
  }
}
