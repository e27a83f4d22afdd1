/** Gives something up once nothing has moved for a while, in either direction: a call may take as long as it gets on. */
export interface Silence {
  /** Aborts with the reason given. */
  readonly signal: AbortSignal;
  /** Something moved. */
  readonly heard: () => void;
  /** It is over. */
  readonly end: () => void;
}

/** @param tooLong makes the reason, when it comes to that */
export function watchSilence(silenceMs: number, tooLong: () => unknown): Silence {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLong()), silenceMs).unref();
  return {
    signal: controller.signal,
    heard: () => timer.refresh(),
    end: () => clearTimeout(timer),
  };
}
