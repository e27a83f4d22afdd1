import { setImmediate } from 'node:timers/promises';

/** Work on documents for so long, then others have their turn. */
const TURN_MS = 20;

/**
 * The same items, with pauses in which the process can do something else: verifying thousands of documents in one go would leave
 * everybody who calls the service without an answer meanwhile.
 */
export async function* paced<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  let begunMs = performance.now();
  for await (const item of items) {
    yield item;
    if (performance.now() - begunMs < TURN_MS) continue;
    await setImmediate();
    begunMs = performance.now();
  }
}
