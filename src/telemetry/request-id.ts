import { AsyncLocalStorage } from 'node:async_hooks';

const scope = new AsyncLocalStorage<string>();

/**
 * Runs `work` in the name of one request: until everything that it began has ended, timers and promises included, each line
 * of every logger carries the id, and so do the calls to the signer.
 */
export function withRequestId<T>(requestId: string, work: () => T): T {
  return scope.run(requestId, work);
}

/** Of the request in whose name this code runs; undefined for what the program does by itself. */
export function currentRequestId(): string | undefined {
  return scope.getStore();
}
