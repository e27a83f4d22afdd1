import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { followProgress } from '../../../src/signer/client/follow-progress.js';
import { watchSilence, type Silence } from '../../../src/silence.js';
import { fakeTime, type FakeTime } from '../../support/fake-time.js';

const SILENCE_MS = 120_000;

let time: FakeTime;
let silence: Silence;
let end: () => void;
beforeEach(() => {
  time = fakeTime();
  silence = watchSilence(SILENCE_MS, () => 'silent');
});
afterEach(() => {
  end();
  silence.end();
  time.end();
});

/** Whether the call is still waited for, after `quarters` of the time after which silence is too long. */
async function isWaiting(quarters: number): Promise<boolean> {
  for (let count = 0; count < quarters; count++) await time.pass(SILENCE_MS / 4);
  return !silence.signal.aborted;
}

describe('followProgress', () => {
  it('takes signatures that are made for signs of life, and nothing else', async () => {
    let made = 0;
    let isMaking = true;
    end = followProgress(
      () => Promise.resolve({ wanted: 10_000, made: isMaking ? (made += 500) : made }),
      SILENCE_MS,
      silence.heard,
    );
    expect(await isWaiting(20)).toBe(true);
    isMaking = false;
    expect(await isWaiting(3)).toBe(true);
    expect(await isWaiting(2)).toBe(false);
  });

  it('goes on looking when a look fails, and takes that for no sign of life', async () => {
    let looks = 0;
    const ask = () => Promise.reject(new Error(`look ${++looks}`));
    end = followProgress(ask, SILENCE_MS, silence.heard);
    expect(await isWaiting(3)).toBe(true);
    expect(await isWaiting(1)).toBe(false);
    expect(looks).toBeGreaterThanOrEqual(3);
  });
});
