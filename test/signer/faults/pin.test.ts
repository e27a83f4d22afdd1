import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listKeys } from '../../../src/signer/keys/index.js';
import { resetPin } from '../../../src/signer/pin/index.js';
import type { TokenPool } from '../../../src/signer/token-types.js';
import { USER_PIN_FINAL_TRY, USER_PIN_LOCKED } from '../../shim/fault-shim.js';
import { rejectionOf } from '../../support/reject-code.js';
import { type FaultBench, makeFaultBench } from './fault-bench.js';

const PIN_INCORRECT = 0xa0;
const PIN_EXPIRED = 0xa3;
const PIN_LOCKED = 0xa4;

let bench: FaultBench;
beforeAll(async () => {
  bench = await makeFaultBench();
});
afterEach(async () => bench.reset());
afterAll(async () => bench.remove());

/** How often the PIN is sent while `run` runs. */
async function loginsDuring(run: () => Promise<unknown>): Promise<number> {
  const before = bench.shim.calls('C_Login');
  await run();
  return bench.shim.calls('C_Login') - before;
}

async function openAndClose(): Promise<ReturnType<TokenPool['status']>> {
  const pool = await bench.open({ workers: 2 });
  const status = pool.status();
  await pool.close();
  return status;
}

const workersOf = (pool: TokenPool): number[] => pool.status().workers.flatMap(({ pid }) => pid ?? []);

const pinRecords = (): string[] => {
  const folder = join(bench.options.stateDir, 'pins');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

/** The worker that is in its login, as soon as the PIN was sent once more than `before` times. */
async function pidInLogin(before: number): Promise<number> {
  while (bench.shim.calls('C_Login') === before) await pause(20);
  const [record = ''] = pinRecords();
  return (JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid;
}

describe('after CKR_PIN_INCORRECT', () => {
  it('no process of any restart sends the PIN again, until the operator says so', async () => {
    bench.shim.plan({ call: 'C_Login', fault: `return ${PIN_INCORRECT}`, times: 'always' });
    const refused = { state: 'stopped', error: { code: 'PIN_REFUSED' } };
    // two workers, and yet it is sent once
    expect(await loginsDuring(async () => expect(await openAndClose()).toMatchObject(refused))).toBe(1);

    bench.shim.plan(); // from here on the token would take it
    const restarts = loginsDuring(async () => {
      for (let n = 0; n < 2; n += 1) expect(await openAndClose()).toMatchObject(refused);
      expect(await rejectionOf(listKeys(bench.shim.token, bench.options))).toMatch(/^PIN_REFUSED/);
    });
    expect(await restarts).toBe(0);

    expect(resetPin(bench.options.stateDir, 'release')).toHaveLength(1);
    const asked = loginsDuring(async () => expect(await openAndClose()).toMatchObject({ state: 'ready' }));
    expect(await asked).toBe(2);
  });

  it('holds for a PIN that the token itself finds wrong', async () => {
    const { pinFile } = bench.shim.token;
    const right = readFileSync(pinFile);
    writeFileSync(pinFile, '000000\n');
    try {
      const tries = loginsDuring(async () => {
        for (let n = 0; n < 2; n += 1) expect(await openAndClose()).toMatchObject({ error: { code: 'PIN_REFUSED' } });
      });
      expect(await tries).toBe(1);
    } finally {
      writeFileSync(pinFile, right);
    }
  });
});

describe('a token that refuses its PIN while workers sign', () => {
  it.each([
    ['CKR_PIN_INCORRECT', PIN_INCORRECT, 'PIN_REFUSED'],
    ['CKR_PIN_LOCKED', PIN_LOCKED, 'PIN_LOCKED'],
  ])('%s at a login: all its workers stop, and every job is refused', async (_, code, errorCode) => {
    const pool = await bench.open({ workers: 2 });
    const [first = 0] = workersOf(pool);
    bench.shim.plan({ call: 'C_Login', fault: `return ${code}`, times: 'always' });
    const tries = loginsDuring(async () => {
      process.kill(first, 'SIGKILL');
      await bench.logger.line('token stopped', errorCode);
      expect(await rejectionOf(bench.sign(pool))).toBe(`${errorCode} (no pointer)`);
      expect(pool.status()).toMatchObject({ state: 'stopped', error: { code: errorCode } });
      await pool.close();
      expect(workersOf(pool)).toEqual([]);
      expect(await openAndClose()).toMatchObject({ state: 'stopped', error: { code: errorCode } });
    });
    expect(await tries).toBe(1);
  });

  it('from C_Sign: remembered as well, so that no restart sends the PIN', async () => {
    const pool = await bench.open();
    bench.shim.plan({ call: 'C_Sign', fault: `return ${PIN_EXPIRED}` });
    expect(await rejectionOf(bench.sign(pool))).toMatch(/^PIN_REFUSED/);
    expect(await loginsDuring(openAndClose)).toBe(0);
    expect(resetPin(bench.options.stateDir, 'release')).toHaveLength(1);
    expect(await loginsDuring(openAndClose)).toBe(2);
  });
});

describe('the token’s own warning', () => {
  it.each([
    ['USER_PIN_FINAL_TRY', USER_PIN_FINAL_TRY, 'PIN_REFUSED'],
    ['USER_PIN_LOCKED', USER_PIN_LOCKED, 'PIN_LOCKED'],
  ])('%s: the last try is left to people; running workers stop too', async (_, flag, errorCode) => {
    const pool = await bench.open({ workers: 2 });
    const [first = 0] = workersOf(pool);
    bench.shim.plan({ call: 'C_GetTokenInfo', fault: `flags ${flag}`, times: 'always' });
    const tries = loginsDuring(async () => {
      process.kill(first, 'SIGKILL');
      await bench.logger.line('token stopped', errorCode);
      expect(await rejectionOf(bench.sign(pool))).toBe(`${errorCode} (no pointer)`);
      await pool.close();
      expect(await openAndClose()).toMatchObject({ state: 'stopped', error: { code: errorCode } });
    });
    expect(await tries).toBe(0);
    bench.shim.plan(); // people have mended it: a restart is enough
    expect(await openAndClose()).toMatchObject({ state: 'ready' });
  });
});

describe('a login that nobody answers', () => {
  it('because its worker was killed counts, until one goes well: however often that happens', async () => {
    for (let times = 0; times < 4; times += 1) {
      const before = bench.shim.calls('C_Login');
      bench.shim.plan({ call: 'C_Login', fault: 'hang' });
      const opening = bench.open();
      process.kill(await pidInLogin(before), 'SIGKILL');
      const pool = await opening;
      await bench.sign(pool);
      expect(pinRecords()).toEqual([]);
      await pool.close();
    }
  });

  it.each(['crash', 'hang', `return 5`] as const)(
    '%s: tried three times by all processes together, then not again',
    async (fault) => {
      bench.shim.plan({ call: 'C_Login', fault, times: 'always' });
      const tries = loginsDuring(async () => {
        // Only one that hangs has to be given up, and it has to have come as far as its login by then.
        const pool = await bench.open(fault === 'hang' ? { startTimeoutMs: 100_000 } : {});
        expect(await rejectionOf(bench.sign(pool))).toBe('PIN_REFUSED (no pointer)');
        expect(await openAndClose()).toMatchObject({ state: 'stopped', error: { code: 'PIN_REFUSED' } });
      });
      expect(await tries).toBe(3);
    },
  );
});
