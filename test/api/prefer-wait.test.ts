import { describe, expect, it } from '@jest/globals';
import { preferredWait } from '../../src/api/prefer-wait.js';

describe('preferredWait', () => {
  it.each([
    ['wait=10', 10],
    ['respond-async, wait=5', 5],
    ['WAIT = "7" ; x=1', 7],
    ['wait=10, wait=20', 10],
    ['wait=100000', 600],
    ['wait=0', 0],
  ])('reads %j as %d seconds, with 600 granted at most', (prefer, seconds) => {
    expect(preferredWait(prefer, 600)).toBe(seconds);
  });

  it.each([undefined, '', 'wait', 'wait=-1', 'wait=1.5', 'wait=ten', 'wait=99999999999999', 'await=3', ',,,'])(
    'ignores %j, as RFC 7240 wants what cannot be understood to be ignored',
    (prefer) => {
      expect(preferredWait(prefer, 600)).toBe(0);
    },
  );
});
