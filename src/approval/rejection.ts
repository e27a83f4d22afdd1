import { z } from 'zod';
import { encodeText, parseText } from '../tuf/index.js';
import { parseWithSchema, sha256Schema } from './document-schema.js';

/** An officer's final no to one statement. Signed in the namespace `NAMESPACES.reject`. */
export interface Rejection {
  /** Hex SHA-256 of the statement's bytes. */
  readonly statementSha256: string;
  /** For people: one line of 1 to 1000 characters. */
  readonly reason: string;
}

const MAX_REASON_CHARS = 1000;
const MAX_REJECTION_BYTES = 8192;

const rejectionSchema = z.strictObject({
  _type: z.literal('countersign/rejection'),
  reason: z
    .string()
    .max(MAX_REASON_CHARS)
    .refine((reason) => reason.trim() !== '', 'must say why'),
  spec: z.literal(1),
  statement: sha256Schema,
});

/**
 * The bytes that a rejecting officer signs: canonical text, UTF-8, no newline at the end.
 *
 * @throws INPUT_INVALID no reason, one of more than 1000 characters, or a wrong digest
 * @throws CANONICAL_UNSAFE control or format characters in the reason
 */
export function encodeRejection({ statementSha256, reason }: Rejection): Buffer {
  const document = { _type: 'countersign/rejection', reason, spec: 1, statement: statementSha256 };
  return Buffer.from(encodeText(narrow(document)), 'utf8');
}

/** @throws INPUT_INVALID of another shape; and what `parseText` throws for bytes that are not canonical text */
export function parseRejection(bytes: Uint8Array | string): Rejection {
  const { reason, statement } = narrow(parseText(bytes, { maxBytes: MAX_REJECTION_BYTES }));
  return { statementSha256: statement, reason };
}

function narrow(value: unknown): z.infer<typeof rejectionSchema> {
  return parseWithSchema(rejectionSchema, value, { code: 'INPUT_INVALID', what: 'rejection' });
}
