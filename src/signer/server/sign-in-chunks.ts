import { MAX_PER_LINE } from '../journal/index.js';
import { batchesOf, BatchSizes } from './batches.js';
import { asError, type Made, makeBatch, type SignatureJob } from './make-signatures.js';
import type { Tokens } from './tokens.js';

/** Batches under way for each worker: one that it works at, and one that it finds when it is done. */
const BATCHES_PER_WORKER = 2;
/** Signatures are written down at least so often, so that a crash costs little work and whoever waits sees how far it is. */
const WRITE_EVERY_MS = 1_000;

export interface ChunkedSigning {
  /** Taken one by one, when a worker has room for it. */
  readonly jobs: Iterable<SignatureJob>;
  readonly tokens: Tokens;
  /** Writes signatures down; an error ends all signing. Called again only when it is done. */
  readonly write: (signatures: readonly Made[]) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsedMs?: () => number;
}

/**
 * Makes many signatures over all workers of the tokens at once, and has them written down in chunks while the next ones are being made.
 * A key that fails is not asked again, so that a token that is gone is waited for once; the other keys go on.
 *
 * @returns why some could not be made
 * @throws what `write` throws
 */
export async function signInChunks(signing: ChunkedSigning): Promise<Error | null> {
  const { tokens, write, elapsedMs = () => performance.now() } = signing;
  const sizes = new BatchSizes();
  const batches = batchesOf(signing.jobs, (key) => sizes.of(key));
  const failures = new Map<string, Error>();
  let made: Made[] = [];
  let writtenMs = elapsedMs();
  let writing: Promise<void> = Promise.resolve();
  let isOver = false;

  const writeMade = (): Promise<void> => {
    writing = writing.then(async () => {
      if (made.length === 0) return;
      const chunk = made.slice(0, MAX_PER_LINE);
      made = made.slice(MAX_PER_LINE);
      writtenMs = elapsedMs();
      await write(chunk);
    });
    return writing;
  };
  const work = async (): Promise<void> => {
    for (let next = batches.next(); !isOver && next.done !== true; next = batches.next()) {
      const jobs = next.value;
      const [{ tokenKey }] = jobs;
      if (failures.has(tokenKey)) continue;
      const startedMs = elapsedMs();
      try {
        const signatures = await makeBatch(jobs, tokens);
        made.push(...signatures); // not in one expression: the list may have been cut meanwhile
        sizes.took(tokenKey, jobs.length, elapsedMs() - startedMs);
      } catch (error) {
        failures.set(tokenKey, asError(error));
      }
      if (made.length >= MAX_PER_LINE || elapsedMs() - writtenMs >= WRITE_EVERY_MS) await writeMade();
    }
  };

  const lane = (): Promise<void> =>
    work().catch((error: unknown) => {
      isOver = true;
      throw error;
    });
  const lanes = Array.from({ length: Math.max(1, tokens.workers) * BATCHES_PER_WORKER }, lane);
  // what is under way comes to its end before anybody hears of an error
  for (const end of await Promise.allSettled(lanes)) if (end.status === 'rejected') throw end.reason;
  while (made.length > 0) await writeMade();
  const [first] = failures.values();
  return first ?? null;
}
