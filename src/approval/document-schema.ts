import { z } from 'zod';
import { CountersignError, type ErrorCode } from '../errors.js';

/** A SHA-256 digest as our documents write it: 64 lower case hex digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower case hex digits (SHA-256)');

/** A moment as our documents write it: `YYYY-MM-DDTHH:MM:SSZ`, whole seconds, and a date that exists. */
export const timeSchema = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/, 'must be a time like 2030-01-31T12:00:00Z')
  .refine((text) => {
    const date = new Date(text);
    // Date rolls 30 February over into March; the way back shows it.
    return !Number.isNaN(date.getTime()) && date.toISOString() === `${text.slice(0, -1)}.000Z`;
  }, 'must be a date that exists');

/**
 * Narrows a parsed value by a schema, reporting the first thing wrong with a pointer to it.
 *
 * @param what names the document in the message, e.g. `policy`
 * @param at pointer of `value` inside the whole document
 * @throws the given code
 */
export function parseWithSchema<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { code, what, at = '' }: { code: ErrorCode; what: string; at?: string },
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
  const pointer = at + path.map((step) => `/${escapePointer(String(step))}`).join('');
  throw new CountersignError(code, `the ${what} is not valid at "${pointer}": ${issue?.message ?? 'unknown'}`, {
    pointer,
  });
}

/** RFC 6901 section 3. */
function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
