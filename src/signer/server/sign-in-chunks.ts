import { MAX_PER_LINE } from '../journal/index.js';
import { batchesOf } from './batches.js';
import { asError, type Made, makeBatch, type SignatureJob } from './make-signatures.js';
import type { Tokens } from './tokens.js';

/** Batches under way for each worker: one that it works at, and one that it finds when it is done. */
const BATCHES_PER_WORKER = 2;
/** Signatures are written down from so many on: what waits for the last one to be made is then written after it, while nothing else is done, */
const WORTH_WRITING = 64;
/** and at least so often, so that a crash costs little work and whoever waits sees how far it is. */
const WRITE_EVERY_MS = 1_000;

export interface ChunkedSigning {
  /** Taken one by one, when a worker has room for it. */
  readonly jobs: Iterable<SignatureJob>;
  readonly tokens: Tokens;
  /** Writes signatures down; an error ends all signing. Called again only when it is done. */
  readonly write: (signatures: readonly Made[]) => Promise<void>;
}

/**
 * Makes many signatures over all workers of the tokens at once, and has them written down in chunks while the next ones are being made.
 * A key that fails is not asked again, so that a token that is gone is waited for once; the other keys go on.
 *
 * @returns why some could not be made
 * @throws what `write` throws
 */
export async function signInChunks(signing: ChunkedSigning): Promise<Error | null> {
  const { tokens } = signing;
  const batches = batchesOf(signing.jobs, (tokenKey) => tokens.batchSizeOf(tokenKey));
  const failures = new Map<string, Error>();
  const chunks = new Chunks(signing.write);

  const work = async (): Promise<void> => {
    for (let next = batches.next(); !chunks.hasFailed && next.done !== true; next = batches.next()) {
      const jobs = next.value;
      const tokenKey = jobs[0]?.tokenKey ?? '';
      if (failures.has(tokenKey)) continue;
      try {
        await makeBatch(jobs, tokens, (made) => chunks.add(made));
      } catch (error) {
        failures.set(tokenKey, asError(error));
      }
    }
  };
  const lanes = Array.from({ length: Math.max(1, tokens.workers) * BATCHES_PER_WORKER }, work);
  // what is under way comes to its end before anybody hears of an error
  for (const end of await Promise.allSettled(lanes)) if (end.status === 'rejected') throw end.reason;
  await chunks.writeRest();
  const [first] = failures.values();
  return first ?? null;
}

/** Signatures on their way to where they are written down. */
class Chunks {
  #made: Made[] = [];
  #writing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #writtenMs = performance.now();

  constructor(private readonly write: ChunkedSigning['write']) {}

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Has them written, unless they are few, or others are being written: then the next one that is added does. */
  add(made: Made): void {
    this.#made.push(made);
    if (this.#writing !== null || this.hasFailed) return;
    if (this.#made.length < WORTH_WRITING && performance.now() - this.#writtenMs < WRITE_EVERY_MS) return;
    this.#writing = this.#write();
  }

  /** @throws what writing threw, also before */
  async writeRest(): Promise<void> {
    await this.#writing;
    while (this.#made.length > 0 && !this.hasFailed) await this.#write();
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #write(): Promise<void> {
    this.#writtenMs = performance.now();
    try {
      await this.write(this.#made.splice(0, MAX_PER_LINE));
    } catch (error) {
      this.#failure = { error };
    }
    this.#writing = null;
  }
}
