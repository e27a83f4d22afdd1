/** As many as take about so long: others who need the token wait behind a batch or two. */
const BATCH_MS = 200;
/** Signatures in one request to a worker: so many that its coming and going does not count. */
const MOST_JOBS = 256;
/** One slow or fast batch says little. */
const MOST_GROWTH = 4;

/**
 * Gathers jobs by the key that is to do them. Takes no more of them than the next batch needs.
 *
 * @returns batches of at least one job, each of one key of a token
 */
export function* batchesOf<J extends { readonly tokenKey: string }>(
  jobs: Iterable<J>,
  sizeOf: (tokenKey: string) => number,
): Generator<readonly J[], void, undefined> {
  const gathered = new Map<string, J[]>();
  for (const job of jobs) {
    const { tokenKey } = job;
    const batch = gathered.get(tokenKey) ?? [];
    batch.push(job);
    gathered.set(tokenKey, batch);
    if (batch.length < sizeOf(tokenKey)) continue;
    gathered.delete(tokenKey);
    yield batch;
  }
  yield* gathered.values();
}

/** How large the batches of each key are to be, by how long it took to sign with it before. */
export class BatchSizes {
  readonly #sizes = new Map<string, number>();

  /** One at first: a token may take a second for a signature. */
  of(tokenKey: string): number {
    return this.#sizes.get(tokenKey) ?? 1;
  }

  /** @param tookMs how long a worker was at it */
  took(tokenKey: string, count: number, tookMs: number): void {
    const fitting = Math.floor((BATCH_MS * count) / Math.max(tookMs, 1));
    this.#sizes.set(tokenKey, Math.max(1, Math.min(fitting, MOST_JOBS, this.of(tokenKey) * MOST_GROWTH)));
  }
}
