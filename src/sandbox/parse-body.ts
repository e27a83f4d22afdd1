import type { z } from 'zod';
import { isCountersignError } from '../errors.js';
import { parseCanonical } from '../tuf/index.js';
import { Refusal } from './refusal.js';

/**
 * A request's JSON body, held against `schema`. Strict like the documents inside it: a body outside the canonical
 * safe subset could not be served again as it came.
 *
 * @throws Refusal 400 naming the member
 */
export function parseBody<T>(body: unknown, schema: z.ZodType<T>): T {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new Refusal(400, 'A JSON body is needed');
  const { value } = refuseUnless('The body is not acceptable JSON', '', () => parseCanonical(body));
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal(
    400,
    'The body is not of the expected form',
    parsed.error.issues.map((issue) => `${issue.path.map((step) => `/${String(step)}`).join('')}: ${issue.message}`),
  );
}

/** Runs a check of `tuf` over a part of the body at `pointer`; what it refuses becomes a 400 that says where. */
export function refuseUnless<T>(message: string, pointer: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isCountersignError(error) || error instanceof Refusal) throw error;
    // tuf starts its messages with the pointer inside the document; the caller needs the one inside the body
    const inner = error.pointer ?? '';
    const reason = error.message.startsWith(`${inner}: `) ? error.message.slice(inner.length + 2) : error.message;
    const place = `${pointer}${inner}`;
    throw new Refusal(400, message, [place === '' ? reason : `${place}: ${reason}`]);
  }
}
