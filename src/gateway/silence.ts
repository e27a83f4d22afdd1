import { CountersignError } from '../errors.js';

/** Gives a call up once nothing has moved for a while, in either direction. */
export interface Silence {
  /** Aborts with FACTORY_UNAVAILABLE (`details.timedOut`), or when `leave` is called. */
  readonly signal: AbortSignal;
  /** Something moved. */
  readonly heard: () => void;
  /** The caller has gone. */
  readonly leave: () => void;
  /** The call is over. */
  readonly end: () => void;
}

export function watchSilence(silenceMs: number, factory: string): Silence {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLong(silenceMs, factory)), silenceMs);
  return {
    signal: controller.signal,
    heard: () => timer.refresh(),
    leave: () => controller.abort(),
    end: () => clearTimeout(timer),
  };
}

function tooLong(silenceMs: number, factory: string): CountersignError {
  return new CountersignError('FACTORY_UNAVAILABLE', `nothing came from Factory ${factory} for ${silenceMs / 1000} s`, {
    hint: 'It may have done what it was asked all the same: look before you ask again.',
    details: { timedOut: true },
  });
}
