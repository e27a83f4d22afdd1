import { describe, it } from '@jest/globals';
import { runTarget } from './run-target.js';
import { FUZZ_SEED, TEST_TIMEOUT_MS, testRuns } from './seed.js';
import { httpTargets } from './targets/http-api.js';

describe("the service's HTTP API: no input crashes, hangs or passes for another", () => {
  it.each(httpTargets)(
    '$name',
    (target) => runTarget(target, { seed: FUZZ_SEED, runs: testRuns(target.share) }),
    TEST_TIMEOUT_MS,
  );
});
