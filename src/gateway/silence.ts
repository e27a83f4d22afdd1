import { CountersignError } from '../errors.js';

/** Gives a call up once nothing has moved for a while, in either direction, or when its caller has gone. */
export interface Silence {
  /** Why it was given up; null as long as it was not. */
  readonly reason: CountersignError | typeof GONE | null;
  /** Takes what is destroyed then, in the place of what was handed in before. */
  readonly watch: (attempt: { destroy(): unknown }) => void;
  /** Something moved. */
  readonly heard: () => void;
  /** The caller has gone, or has got the whole answer: what is still under way then is of no use. */
  readonly leave: () => void;
  /** The call is over. */
  readonly end: () => void;
}

const GONE = Symbol('the caller has gone');

/** @param factory of whom FACTORY_UNAVAILABLE (`details.timedOut`) is said then */
export function watchSilence(silenceMs: number, factory: string): Silence {
  let reason: Silence['reason'] = null;
  let attempt: { destroy(): unknown } | null = null;
  const giveUp = (why: NonNullable<Silence['reason']>): void => {
    reason ??= why;
    attempt?.destroy();
  };
  const timer = setTimeout(() => giveUp(tooLong(silenceMs, factory)), silenceMs);
  return {
    get reason() {
      return reason;
    },
    watch: (next) => {
      attempt = next;
      if (reason !== null) next.destroy();
    },
    heard: () => timer.refresh(),
    leave: () => {
      clearTimeout(timer);
      giveUp(GONE);
    },
    end: () => clearTimeout(timer),
  };
}

function tooLong(silenceMs: number, factory: string): CountersignError {
  return new CountersignError('FACTORY_UNAVAILABLE', `nothing came from Factory ${factory} for ${silenceMs / 1000} s`, {
    hint: 'It may have done what it was asked all the same: look before you ask again.',
    details: { timedOut: true },
  });
}
