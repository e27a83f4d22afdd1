import { test } from '@jest/globals';
import { runTarget } from './run-target.js';
import { FUZZ_SEED, TEST_TIMEOUT_MS, testRuns } from './seed.js';
import { gatewayCallsTarget } from './targets/gateway-calls.js';

test(
  'the gateway: no call crashes it, hangs or asks for what nobody has signed',
  () => runTarget(gatewayCallsTarget, { seed: FUZZ_SEED, runs: testRuns(gatewayCallsTarget.share) }),
  TEST_TIMEOUT_MS,
);
