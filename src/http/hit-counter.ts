import type { ClientRateLimitInfo, Store } from 'express-rate-limit';

/**
 * Counts hits in windows that follow each other, by a clock that nobody sets. By the wall clock, one that is set back would keep
 * whoever calls on locked out until it is where it was.
 */
export class HitCounter implements Store {
  readonly localKeys = true;
  readonly #hits = new Map<string, number>();
  #windowEndMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs of a clock that only goes forward */
  constructor(
    private readonly windowMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  increment(key: string): ClientRateLimitInfo {
    const now = this.nowMs();
    if (now >= this.#windowEndMs) {
      this.#hits.clear();
      this.#windowEndMs = now + this.windowMs;
    }
    const totalHits = (this.#hits.get(key) ?? 0) + 1;
    this.#hits.set(key, totalHits);
    return { totalHits, resetTime: new Date(Date.now() + this.#windowEndMs - now) };
  }

  decrement(key: string): void {
    const hits = this.#hits.get(key);
    if (hits !== undefined) this.#hits.set(key, Math.max(0, hits - 1));
  }

  resetKey(key: string): void {
    this.#hits.delete(key);
  }
}
