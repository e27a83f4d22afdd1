import { isCountersignError } from '../errors.js';

const MAX_CAUSES = 8;

/**
 * An error as it stands in the log: an Error's own text is no enumerable member and would be lost in JSON. Errors of ours are found by
 * their code; only others, which nobody expected, need their stack.
 */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const cause =
    error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(error.cause, depth + 1) };
  if (!isCountersignError(error)) return { name: error.name, message: error.message, stack: error.stack, ...cause };
  const { code, message, pointer, hint, details } = error;
  return { code, message, pointer, hint, details, ...cause };
}
