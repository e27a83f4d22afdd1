/** Gives something up once nothing has moved for a while, in either direction: a call may take as long as it gets on. */
export interface Silence {
  /** Aborts with the reason given, or when `leave` is called. */
  readonly signal: AbortSignal;
  /** Something moved. */
  readonly heard: () => void;
  /** Nobody wants it any more. */
  readonly leave: () => void;
  /** It is over. */
  readonly end: () => void;
}

/** Given, because the reason that there is otherwise takes long to make. */
const GONE = Symbol('the caller has gone');

/** @param tooLong makes the reason, when it comes to that */
export function watchSilence(silenceMs: number, tooLong: () => unknown): Silence {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLong()), silenceMs).unref();
  return {
    signal: controller.signal,
    heard: () => timer.refresh(),
    leave: () => controller.abort(GONE),
    end: () => clearTimeout(timer),
  };
}
