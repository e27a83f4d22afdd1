import { expect, test } from '@jest/globals';
import { HitCounter } from '../../src/http/hit-counter.js';

test('hits of one key are counted together, and from the start again in the next window', () => {
  let nowMs = 5;
  const counter = new HitCounter(1000, () => nowMs);
  const hits = (key: string): number => counter.increment(key).totalHits;
  expect([hits('a'), hits('a'), hits('b')]).toEqual([1, 2, 1]);
  counter.decrement('a');
  expect(hits('a')).toBe(2);
  counter.resetKey('a');
  expect(hits('a')).toBe(1);
  nowMs += 999;
  expect(hits('a')).toBe(2);
  nowMs += 1;
  expect(hits('a')).toBe(1);
});

test('the window ends when it ends, also when the clock of the machine is set back by years', () => {
  let nowMs = 0;
  const wallClock = wallClockAt('2026-11-22T16:00:00Z');
  try {
    const counter = new HitCounter(60_000, () => nowMs);
    expect(counter.increment('a').resetTime).toEqual(new Date('2026-11-22T16:01:00Z'));
    wallClock.set('1970-01-01T00:00:00Z');
    nowMs = 20_000;
    expect(counter.increment('a')).toEqual({ totalHits: 2, resetTime: new Date('1970-01-01T00:00:40Z') });
    nowMs = 60_000;
    expect(counter.increment('a').totalHits).toBe(1);
  } finally {
    wallClock.restore();
  }
});

function wallClockAt(time: string): { set(time: string): void; restore(): void } {
  const right = Date.now;
  const set = (to: string): void => {
    Date.now = () => Date.parse(to);
  };
  set(time);
  return {
    set,
    restore: () => {
      Date.now = right;
    },
  };
}
