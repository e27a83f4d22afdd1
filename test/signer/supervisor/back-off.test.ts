import { expect, it } from '@jest/globals';
import { backOffMs } from '../../../src/signer/supervisor/back-off.js';

it('starts the next worker at once after one failure, then after growing pauses of at most 5 s', () => {
  expect([0, 1, 2, 3, 4, 7, 8, 9, 1000].map(backOffMs)).toEqual([0, 0, 100, 200, 400, 3200, 5000, 5000, 5000]);
});
