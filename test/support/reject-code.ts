import { isCountersignError } from '../../src/errors.js';

/** `CODE pointer` of the CountersignError that a promise rejects with; `RESOLVED` if it does not. Any other error fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (isCountersignError(error)) return `${error.code} ${error.pointer ?? '(no pointer)'}`;
    throw error;
  }
  return 'RESOLVED';
}
