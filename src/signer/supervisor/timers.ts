/** Timers as the supervisor needs them, so that a test can drive them. */
export interface Timers {
  /** Calls `fn` once after `delayMs`; the answer stops it. */
  after(delayMs: number, fn: () => void): () => void;
}

export const systemTimers: Timers = {
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};
