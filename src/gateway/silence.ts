import { CountersignError } from '../errors.js';
import { watchSilence, type Silence } from '../silence.js';

/** For a call to a Factory. Aborts with FACTORY_UNAVAILABLE (`details.timedOut`), or when `leave` is called. */
export function watchFactory(silenceMs: number, factory: string): Silence {
  return watchSilence(silenceMs, () => tooLong(silenceMs, factory));
}

function tooLong(silenceMs: number, factory: string): CountersignError {
  return new CountersignError('FACTORY_UNAVAILABLE', `nothing came from Factory ${factory} for ${silenceMs / 1000} s`, {
    hint: 'It may have done what it was asked all the same: look before you ask again.',
    details: { timedOut: true },
  });
}
