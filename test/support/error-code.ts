import { isCountersignError } from '../../src/errors.js';

/** The code of the CountersignError that a call throws, `NOTHING_THROWN` without one. Any other error fails the test. */
export function codeOf(call: () => unknown): string {
  return errorOf(call)?.code ?? 'NOTHING_THROWN';
}

/** `CODE pointer` of the CountersignError that a call throws. */
export function placeOf(call: () => unknown): string {
  const error = errorOf(call);
  return error === null ? 'NOTHING_THROWN' : `${error.code} ${error.pointer ?? '(no pointer)'}`;
}

function errorOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    if (isCountersignError(error)) return error;
    throw error;
  }
  return null;
}
