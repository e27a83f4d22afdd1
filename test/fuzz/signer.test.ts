import { describe, it } from '@jest/globals';
import { runTarget } from './run-target.js';
import { FUZZ_SEED, TEST_TIMEOUT_MS, testRuns } from './seed.js';
import { signerTargets } from './targets/signer-socket.js';

describe("the signer's socket: no input crashes, hangs or passes for another", () => {
  it.each(signerTargets)(
    '$name',
    (target) => runTarget(target, { seed: FUZZ_SEED, runs: testRuns(target.share) }),
    TEST_TIMEOUT_MS,
  );
});
