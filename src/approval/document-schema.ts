import { z } from 'zod';
import { CountersignError, type ErrorCode } from '../errors.js';
import { parseTime, pointerTo } from '../tuf/index.js';

/** A SHA-256 digest as our documents write it: 64 lower case hex digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower case hex digits (SHA-256)');

/** A moment as our documents write it: `YYYY-MM-DDTHH:MM:SSZ`, whole seconds, and a date that exists. */
export const timeSchema = z
  .string()
  .refine((text) => parseTime(text) !== undefined, 'must be a time that exists, like 2030-01-31T12:00:00Z');

/** What is wrong quotes member names of the input: one of megabytes must not make an error of megabytes. */
const LONGEST_MESSAGE = 500;

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
  const pointer = path.reduce<string>((parent, step) => pointerTo(parent, String(step)), at);
  const problem = (issue?.message ?? 'unknown').slice(0, LONGEST_MESSAGE);
  throw new CountersignError(code, `the ${what} is not valid at "${pointer}": ${problem}`, {
    pointer,
  });
}
