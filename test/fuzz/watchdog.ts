import { Worker } from 'node:worker_threads';

/** Far beyond what any input takes on the slowest machine: only what never ends, or grows out of all proportion, is met. */
const LIMIT_MS = 120_000;
const MAX_BYTES = 16 * 1024 * 1024;
const IDLE = -1;

/**
 * Ends the process when one input takes two minutes: a loop that never ends lets no timer of its own thread run. The
 * input is kept in a file, whose name is the last thing written.
 */
export class Watchdog {
  readonly #count = new Int32Array(new SharedArrayBuffer(4));
  readonly #length = new Int32Array(new SharedArrayBuffer(4)).fill(IDLE);
  readonly #bytes = new Uint8Array(new SharedArrayBuffer(MAX_BYTES));
  readonly #worker: Worker;

  constructor(name: string) {
    this.#worker = new Worker(new URL('./watchdog-worker.mjs', import.meta.url), {
      workerData: { name, count: this.#count, length: this.#length, bytes: this.#bytes, limitMs: LIMIT_MS },
    });
    this.#worker.unref();
  }

  /** From now on this input is the one that must end. */
  watch(input: Buffer): void {
    const kept = input.subarray(0, MAX_BYTES);
    this.#bytes.set(kept);
    Atomics.store(this.#length, 0, kept.length);
    Atomics.add(this.#count, 0, 1);
  }

  /** Nothing is under way. */
  rest(): void {
    Atomics.store(this.#length, 0, IDLE);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
