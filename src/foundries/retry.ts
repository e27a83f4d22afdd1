import { isCountersignError } from '../errors.js';

export interface RetryOptions {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  /** The wait before the second attempt; it doubles from there on, up to `maxDelayMs`. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** A number in [0, 1): spreads the attempts of several callers. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** An attempt that failed, and how long the Factory asked to be left alone (milliseconds), if it did. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly retryAfterMs: number | null;
}

/**
 * Makes up to `attempts` attempts while they fail with FACTORY_UNAVAILABLE. Only for calls that may be repeated
 * without harm. The wait is half fixed, half random.
 */
export async function withRetry<T>(
  options: RetryOptions,
  attempt: () => Promise<{ value: T } | FailedAttempt>,
): Promise<T> {
  for (let made = 1; ; made += 1) {
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    if (made >= options.attempts || !isCountersignError(outcome.error, 'FACTORY_UNAVAILABLE')) throw outcome.error;
    const backOff = options.baseDelayMs * 2 ** (made - 1) * (0.5 + options.random() / 2);
    await options.wait(Math.min(options.maxDelayMs, Math.max(backOff, outcome.retryAfterMs ?? 0)));
  }
}

/** The `Retry-After` header in milliseconds when it is a number of seconds; dates are not worth the trouble here. */
export function retryAfterMs(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}
