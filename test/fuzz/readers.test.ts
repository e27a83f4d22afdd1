import { describe, it } from '@jest/globals';
import { runTarget } from './run-target.js';
import { FUZZ_SEED, TEST_TIMEOUT_MS, testRuns } from './seed.js';
import { READERS } from './targets.js';

describe('readers of bytes from outside: no input crashes, hangs or passes for another', () => {
  it.each(READERS)(
    '$name',
    (target) => runTarget(target, { seed: FUZZ_SEED, runs: testRuns(target.share) }),
    TEST_TIMEOUT_MS,
  );
});
