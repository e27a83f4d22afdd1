import { describe, expect, test } from '@jest/globals';
import { formatTime, parseTime } from '../../src/tuf/index.js';

describe('times', () => {
  test.each(['2026-11-22T16:26:17Z', '2028-02-29T23:59:59Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])(
    '%s is one and comes back as it was',
    (text) => {
      const time = parseTime(text);
      expect(time === undefined ? undefined : formatTime(time)).toBe(text);
    },
  );

  test.each([
    '2026-11-22T16:26:17.0Z',
    '2026-11-22T16:26:17+00:00',
    '2026-11-22T16:26:17',
    '2026-11-22 16:26:17Z',
    '2026-11-22T16:26Z',
    '2026-02-30T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T16:60:00Z',
    '2026-11-22T16:26:60Z',
    '+02026-11-22T16:26:17Z',
    ' 2026-11-22T16:26:17Z',
    '2026-11-22T16:26:17Z\n',
    '',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  test('fractions of a second are cut off', () => {
    expect(formatTime(new Date('2026-11-22T16:26:17.999Z'))).toBe('2026-11-22T16:26:17Z');
  });
});
