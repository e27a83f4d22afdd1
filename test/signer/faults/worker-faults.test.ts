import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey, listKeys } from '../../../src/signer/keys/index.js';
import type { TokenPool } from '../../../src/signer/token-types.js';
import { verifySignature } from '../../../src/tuf/index.js';
import type { Fault } from '../../shim/fault-shim.js';
import { processEnded } from '../../support/process-ended.js';
import { rejectionOf } from '../../support/reject-code.js';
import { runScript } from '../../support/run-script.js';
import { type FaultBench, makeFaultBench } from './fault-bench.js';

let bench: FaultBench;
beforeAll(async () => {
  bench = await makeFaultBench();
});
afterEach(async () => bench.reset());
afterAll(async () => bench.remove());

const restartsOf = (pool: TokenPool): number => pool.status().workers.reduce((sum, { restarts }) => sum + restarts, 0);

/** Signs `count` different messages at once; each signature is verified. Fails if one does not arrive. */
async function signMany(pool: TokenPool, count: number, onEach: (arrived: number) => void = () => undefined) {
  let arrived = 0;
  const sigs = await Promise.all(
    Array.from({ length: count }, async () => {
      const sig = await bench.sign(pool);
      onEach((arrived += 1));
      return sig;
    }),
  );
  // Ed25519 is deterministic and the messages differ: one answer that came twice would show
  expect(new Set(sigs).size).toBe(count);
  expect(arrived).toBe(count);
}

describe('a wrong signature', () => {
  it.each(['flip', 'other-data', 'cut'] as const)('never leaves (%s)', async (fault) => {
    const pool = await bench.open();
    bench.shim.plan({ call: 'C_Sign', fault });
    await bench.sign(pool); // verified: what came out is the second try, of another process
    expect(restartsOf(pool)).toBe(1);
  });

  it('is SIGNATURE_WRONG where the token makes no other', async () => {
    const pool = await bench.open();
    bench.shim.plan({ call: 'C_Sign', fault: 'flip', times: 'always' });
    expect(await rejectionOf(bench.sign(pool))).toBe('SIGNATURE_WRONG (no pointer)');
  });

  it('of a new key: the key is not reported and not kept', async () => {
    const { options } = bench;
    bench.shim.plan({ call: 'C_Sign', fault: 'flip', times: 'always' });
    const making = generateKey(bench.shim.token, { factory: 'acme', role: 'root', type: 'ed25519' }, options);
    expect(await rejectionOf(making)).toBe('SIGNATURE_WRONG (no pointer)');
    expect((await listKeys(bench.shim.token, options)).map(({ keyid }) => keyid)).toEqual([bench.key.keyid]);
  });
});

describe('a call that hangs', () => {
  it('in C_Sign: the worker is killed, another one signs', async () => {
    const pool = await bench.open({ signTimeoutMs: 30_000 });
    bench.shim.plan({ call: 'C_Sign', fault: 'hang' });
    await bench.sign(pool);
    expect(bench.logger.lines.join('\n')).toContain('gave no answer to sign');
  });

  it('in C_Logout: closing comes to an end all the same', async () => {
    const pool = await bench.open();
    const [pid = 0] = pool.status().workers.flatMap((worker) => worker.pid ?? []);
    bench.shim.plan({ call: 'C_Logout', fault: 'hang', times: 'always' });
    await pool.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('a session or login that is lost', () => {
  it.each(['lose-session', 'lose-login'] as const)('%s: signed all the same', async (fault: Fault) => {
    const pool = await bench.open();
    for (const call of ['C_SignInit', 'C_Sign']) {
      bench.shim.plan({ call, fault });
      await bench.sign(pool);
    }
  });
});

describe('a token that is pulled out', () => {
  it('is signed with again as soon as it is back, with what was asked for meanwhile', async () => {
    const pool = await bench.open({ workers: 2 });
    bench.shim.plan({ call: '*', fault: 'gone', times: 'always' });
    const waiting = signMany(pool, 20);
    await bench.logger.line('worker did not start', 'TOKEN_NOT_FOUND');
    bench.shim.plan();
    await waiting;
    expect(pool.status().state).toBe('ready');
  });

  it('is TOKEN_UNAVAILABLE when the time of a job is up', async () => {
    const pool = await bench.open({ unavailableAfterMs: 1000 });
    bench.shim.plan({ call: '*', fault: 'gone', times: 'always' });
    expect(await rejectionOf(bench.sign(pool))).toBe('TOKEN_UNAVAILABLE (no pointer)');
  });
});

describe('a module that is not right', () => {
  it('is refused at once, by its name, and used as soon as it is mended', async () => {
    bench.shim.plan({ call: 'C_Initialize', fault: `return 10`, times: 'always' });
    const pool = await bench.open();
    expect(await rejectionOf(bench.sign(pool))).toBe('MODULE_NOT_LOADED (no pointer)');
    bench.shim.plan();
    await bench.logger.line('worker started');
    await bench.sign(pool);
  });
});

describe('many signatures', () => {
  it('all arrive, each once, though the module crashes in the middle', async () => {
    const pool = await bench.open({ workers: 2 });
    bench.shim.plan(
      { call: 'C_Sign', fault: 'crash', skip: 50 },
      { call: 'C_Sign', fault: 'crash', skip: 120 },
      { call: 'C_SignInit', fault: 'crash', skip: 180 },
    );
    const before = bench.shim.calls('C_Sign');
    await signMany(pool, 200);
    expect(restartsOf(pool)).toBe(3);
    expect(bench.shim.calls('C_Sign') - before).toBe(202);
  });

  it('in one go all arrive, each right, though the module crashes in the middle', async () => {
    const pool = await bench.open();
    const payloads = Array.from({ length: 100 }, (_, index) => Buffer.alloc(20_000 + index, String(index % 10)));
    bench.shim.plan({ call: 'C_Sign', fault: 'crash', skip: 50 });
    const { signatures } = await pool.signAll(bench.key.keyid, payloads, () => Promise.resolve());
    expect(restartsOf(pool)).toBe(1);
    expect(signatures).toHaveLength(payloads.length);
    for (const [index, payload] of payloads.entries()) {
      const signature = signatures[index];
      if (signature === undefined) throw new Error(`signature ${index} is missing`);
      verifySignature(bench.key.key, signature, payload);
    }
  });

  it('under way when the signer is killed: the worker logs out and goes', async () => {
    const before = bench.shim.calls('C_Logout');
    const signer = runScript(`
      import { openTokenPool } from './src/signer/token-pool.ts';
      const logger = { error() {}, warn() {}, info() {}, debug() {} };
      const options = { logger, stateDir: ${JSON.stringify(bench.options.stateDir)} };
      const pool = await openTokenPool({ ...${JSON.stringify(bench.shim.token)}, workers: 1 }, options);
      const payloads = Array.from({ length: 10_000 }, () => Buffer.alloc(20_000));
      void pool.signAll(${JSON.stringify(bench.key.keyid)}, payloads, async (_, first) => {
        if (first === 0) console.log(pool.status().workers[0].pid);
      });
    `);
    const worker = Number(await signer.line());
    await signer.kill();
    await processEnded(worker);
    expect(bench.shim.calls('C_Logout') - before).toBe(1);
  });

  it('1,000 all arrive, each once, though a worker is killed every 200', async () => {
    const pool = await bench.open({ workers: 2 });
    const before = bench.shim.calls('C_Sign');
    let kills = 0;
    await signMany(pool, 1000, (arrived) => {
      if (arrived % 200 !== 100) return;
      const [pid] = pool.status().workers.flatMap((worker) => worker.pid ?? []);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      kills += 1;
    });
    expect(kills).toBe(5);
    // what is signed a second time is at most the one job that a killed worker had in hand
    const calls = bench.shim.calls('C_Sign') - before;
    expect(calls).toBeGreaterThanOrEqual(1000);
    expect(calls).toBeLessThanOrEqual(1000 + kills);
  });
});
