import { generateKey } from '../../../src/signer/keys/index.js';
import { resetPin } from '../../../src/signer/pin/index.js';
import { systemTimers, type Timers } from '../../../src/signer/supervisor/timers.js';
import { openTokenPool } from '../../../src/signer/token-pool.js';
import type { TokenConfig, TokenKey, TokenPool } from '../../../src/signer/token-types.js';
import { verifySignature } from '../../../src/tuf/index.js';
import { type FaultShim, makeFaultShim } from '../../shim/fault-shim.js';
import { type RecordingLogger, recordingLogger } from '../../support/recording-logger.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

/** Pauses and timeouts of the pools pass that much faster. */
const HASTE = 10;
const hastyTimers: Timers = { after: (delayMs, fn) => systemTimers.after(delayMs / HASTE, fn) };

/** One SoftHSM token with an Ed25519 key, behind the fault shim. */
export interface FaultBench {
  readonly options: SoftHsm['options'];
  /** What the pools since the last `reset` logged. */
  readonly logger: RecordingLogger;
  readonly shim: FaultShim;
  readonly key: TokenKey;
  /** A pool of real workers; closed by `reset`. */
  open(change?: Partial<TokenConfig>): Promise<TokenPool>;
  /** Signs a message of its own and verifies what came out; gives the signature. */
  sign(pool: TokenPool, text?: string): Promise<string>;
  /** No faults, no pools, no record of PINs. */
  reset(): Promise<void>;
  remove(): Promise<void>;
}

export async function makeFaultBench(): Promise<FaultBench> {
  const hsm = makeSoftHsm();
  const token = hsm.makeToken('release');
  const key = await generateKey(token, { factory: 'acme', role: 'targets', type: 'ed25519' }, hsm.options);
  const shim = makeFaultShim(hsm.dir, token);
  const pools: TokenPool[] = [];
  let logger = recordingLogger();
  let messages = 0;

  const reset = async (): Promise<void> => {
    shim.plan();
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
    resetPin(hsm.stateDir, token.label);
    logger = recordingLogger();
  };
  return {
    options: hsm.options,
    get logger() {
      return logger;
    },
    shim,
    key,
    async open(change = {}) {
      // what is not the point of a test never runs out of time, however busy the machine
      const patience = { signTimeoutMs: 600_000, startTimeoutMs: 600_000, unavailableAfterMs: 600_000 };
      const config = { ...shim.token, ...patience, workers: 1, ...change };
      const pool = await openTokenPool(config, { ...hsm.options, logger, timers: hastyTimers });
      pools.push(pool);
      return pool;
    },
    async sign(pool, text = `message ${(messages += 1)}`) {
      const payload = Buffer.from(text);
      const { signature } = await pool.sign({ keyid: key.keyid, payload });
      verifySignature(key.key, signature, payload);
      return signature.sig;
    },
    reset,
    async remove() {
      await reset();
      hsm.remove();
    },
  };
}
