import assert from 'node:assert/strict';
import { isCountersignError, type CountersignError, type ErrorCode } from '../../src/errors.js';

/** Words, and excerpts of the input in them. A pointer comes on top: it may be of 64 names of 500 characters. */
const MAX_MESSAGE_CHARS = 4000;

/** A refusal, or what was accepted. */
export type Outcome<T> = { readonly accepted: T } | { readonly refused: ErrorCode };

/** What a reader made of an input. Throws unless a refusal is one of `codes` and hides no crash. */
export function attempt<T>(codes: readonly ErrorCode[], call: () => T): Outcome<T> {
  try {
    return { accepted: call() };
  } catch (error) {
    return { refused: codeOfRefusal(codes, error) };
  }
}

/** As {@link attempt}. */
export async function attemptAsync<T>(codes: readonly ErrorCode[], call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { accepted: await call() };
  } catch (error) {
    return { refused: codeOfRefusal(codes, error) };
  }
}

function codeOfRefusal(codes: readonly ErrorCode[], error: unknown): ErrorCode {
  if (!isCountersignError(error)) throw new Error('crashed instead of refusing', { cause: error });
  if (!codes.includes(error.code))
    throw new Error(`refused with ${error.code}, which is not promised`, { cause: error });
  requireHonest(error);
  return error.code;
}

/** A refusal is of bounded length, names no place in the program, and wraps nothing that is a mistake of the program. */
function requireHonest(error: CountersignError): void {
  const { message, pointer = '' } = error;
  assert.ok(message.length - pointer.length <= MAX_MESSAGE_CHARS, `a refusal of ${message.length} characters`);
  assert.doesNotMatch(message, /\n {4}at |\/src\/|node:internal/, 'a refusal that shows a stack');
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const isUndecodable = 'code' in cause && cause.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    const isCrash = ['TypeError', 'RangeError', 'ReferenceError'].includes(cause.name) && !isUndecodable;
    if (isCrash) throw new Error(`${error.code} hides a crash`, { cause });
  }
}
