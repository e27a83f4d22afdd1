import { examine, fail, ok, warn, type Finding } from './finding.js';

/** Verifiers let two honest clocks be five minutes apart. */
const MAX_DIFFERENCE_MS = 5 * 60_000;
const NOTABLE_DIFFERENCE_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** This machine's clock against the `Date` of the Factory's answer, whatever it answers. No token is sent. */
export function checkClock(url: string, now: () => Date): Promise<Finding[]> {
  return examine('clock', 'check the network, or compare the clock with another one by hand', async () => {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
    await answer?.body?.cancel();
    const theirs = Date.parse(answer?.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) {
      return [warn('clock', `${url} does not tell the time`, 'compare the clock with another one by hand')];
    }
    const difference = Math.abs(now().getTime() - theirs);
    const seconds = Math.round(difference / 1000);
    const todo = 'let NTP set the clock of this machine';
    if (difference > MAX_DIFFERENCE_MS) return [fail('clock', `is ${seconds} s off the Factory’s`, todo)];
    if (difference > NOTABLE_DIFFERENCE_MS) return [warn('clock', `is ${seconds} s off the Factory’s`, todo)];
    return [ok('clock', `within ${seconds} s of the Factory’s`)];
  });
}
