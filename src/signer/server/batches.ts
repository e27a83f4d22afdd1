import type { SignatureJob } from './make-signatures.js';

/** At least one job, all of one key of a token. */
export type Batch = readonly [SignatureJob, ...SignatureJob[]];

/** As many as take about so long: others who need the token wait behind a batch or two. */
const BATCH_MS = 200;
/** Documents in one message to a worker. */
const MOST_JOBS = 32;
/** One slow or fast batch says little. */
const MOST_GROWTH = 4;

/** Gathers jobs by the key that is to do them. Takes no more of them than the next batch needs. */
export function* batchesOf(
  jobs: Iterable<SignatureJob>,
  sizeOf: (tokenKey: string) => number,
): Generator<Batch, void, undefined> {
  const gathered = new Map<string, [SignatureJob, ...SignatureJob[]]>();
  for (const job of jobs) {
    const { tokenKey } = job;
    const batch = gathered.get(tokenKey);
    if (batch === undefined) gathered.set(tokenKey, [job]);
    else batch.push(job);
    const full = gathered.get(tokenKey);
    if (full === undefined || full.length < sizeOf(tokenKey)) continue;
    gathered.delete(tokenKey);
    yield full;
  }
  yield* gathered.values();
}

/** How large the batches of each key are to be, by how long those before took. */
export class BatchSizes {
  readonly #sizes = new Map<string, number>();

  /** One at first: a token may take a second for a signature. */
  of(tokenKey: string): number {
    return this.#sizes.get(tokenKey) ?? 1;
  }

  /** @param tookMs from handing it over to its end; waiting for a worker included */
  took(tokenKey: string, count: number, tookMs: number): void {
    const fitting = Math.floor((BATCH_MS * count) / Math.max(tookMs, 1));
    this.#sizes.set(tokenKey, Math.max(1, Math.min(fitting, MOST_JOBS, this.of(tokenKey) * MOST_GROWTH)));
  }
}
