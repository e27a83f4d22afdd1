import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CountersignError } from '../../../src/errors.js';
import { openTokenPool, openTokenPools } from '../../../src/signer/token-pool.js';
import { systemTimers, type Timers } from '../../../src/signer/supervisor/timers.js';
import type { TokenConfig, TokenKey, TokenPool } from '../../../src/signer/token-types.js';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.js';

const workerPath = fileURLToPath(new URL('../../support/fake-worker.mjs', import.meta.url));

type Step =
  | 'ok'
  | 'die'
  | 'hang'
  | 'rubbish'
  | 'one-by-one'
  | 'one-then-die'
  | 'one-then-hang'
  | 'too-few'
  | { code: string; action: string };
interface Plan {
  readonly open?: readonly Step[];
  readonly sign?: readonly Step[];
  readonly keys?: readonly TokenKey[];
}

let dir: string;
let pools: TokenPool[];
let logger: RecordingLogger;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-pool-'));
  pools = [];
  logger = recordingLogger();
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  rmSync(dir, { recursive: true, force: true });
});

const payload = Buffer.from('payload');
const job = { keyid: 'k1', payload };
const SIGN_TIMEOUT_MS = 20_000;
const failed = (code: string, action: string): Step => ({ code, action });

function configOf(plan: Plan, more: Partial<TokenConfig> = {}): TokenConfig {
  return {
    label: 'fake',
    module: '/none',
    moduleEnvironment: {
      FAKE_LOG: join(dir, 'log'),
      FAKE_OPEN: JSON.stringify(plan.open ?? ['ok']),
      FAKE_SIGN: JSON.stringify(plan.sign ?? ['ok']),
      FAKE_KEYS: JSON.stringify(plan.keys ?? [key]),
    },
    pinFile: '/none',
    workers: 1,
    signTimeoutMs: SIGN_TIMEOUT_MS,
    ...more,
  };
}

async function open(plan: Plan, more: Partial<TokenConfig> = {}, timers?: Timers): Promise<TokenPool> {
  const pool = await openTokenPool(configOf(plan, more), { logger, stateDir: dir, workerPath, timers });
  pools.push(pool);
  return pool;
}

function tasksDone(type: string): number {
  const log = join(dir, 'log');
  return existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line === type).length
    : 0;
}

const key: TokenKey = {
  keyid: 'k1',
  key: { keytype: 'ED25519', keyval: { public: '00' } },
  keytype: 'ED25519',
  role: 'targets',
  factory: 'acme',
  token: { label: 'fake', serial: '1' },
  ckaId: '0001',
  ckaLabel: 'countersign:acme:targets:1',
  attributes: { sensitive: true, extractable: false, alwaysSensitive: true, neverExtractable: true, local: true },
  maxMessageBytes: null,
};

describe('a job', () => {
  it.each<[string, Step]>([
    ['dies', 'die'],
    ['answers rubbish', 'rubbish'],
    ['asks for a fresh process', failed('TOKEN_UNAVAILABLE', 'fresh-process')],
    ['made a wrong signature', failed('SIGNATURE_WRONG', 'fresh-process')],
  ])('is done by the next worker when one %s', async (_, step) => {
    const pool = await open({ sign: [step, 'ok'] });
    const { signature } = await pool.sign(job);
    expect(Buffer.from(signature.sig, 'base64')).toEqual(payload);
    expect([tasksDone('open'), tasksDone('sign')]).toEqual([2, 2]);
    expect(pool.status().workers[0]?.restarts).toBe(1);
  });

  it('is done by the next worker when one gives no answer in time, and that one is killed', async () => {
    const pool = await open({ sign: ['hang', 'ok'] }, { signTimeoutMs: 200 });
    const hanging = pool.status().workers[0]?.pid ?? 0;
    await pool.sign(job);
    expect(existsSync(`/proc/${hanging}/exe`)).toBe(false);
  });

  it('of several messages is given up when nothing comes for as long as one may take', async () => {
    const waits: { readonly fire: () => void; isOver: boolean }[] = [];
    const timers: Timers = {
      after(delayMs, fire) {
        if (delayMs !== SIGN_TIMEOUT_MS) return systemTimers.after(delayMs, fire);
        const wait = { fire, isOver: false };
        waits.push(wait);
        return () => void (wait.isOver = true);
      },
    };
    const pool = await open({ sign: ['one-then-hang', 'ok'] }, {}, timers);
    let heard: () => void = () => undefined;
    const someCame = new Promise<void>((resolve) => (heard = resolve));
    const signing = pool.signAll('k1', [payload, payload], () => {
      heard();
      return Promise.resolve();
    });
    await someCame;
    expect(waits.map(({ isOver }) => isOver)).toEqual([true, false]); // it is waited for anew
    waits.at(-1)?.fire();
    expect((await signing).signatures).toHaveLength(2);
    expect(tasksDone('sign-all')).toBe(2);
  });

  it('fails with the last reason when worker after worker fails', async () => {
    const crashing = await open({ sign: ['die'] });
    await expect(crashing.sign(job)).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE' });
    expect(tasksDone('sign')).toBe(4);
    const wrong = await open({ sign: [failed('SIGNATURE_WRONG', 'fresh-process')] });
    await expect(wrong.sign(job)).rejects.toMatchObject({ code: 'SIGNATURE_WRONG' });
  });

  it.each<[string, Step]>([
    ['dies', 'die'],
    ['dies when some are made', 'one-then-die'],
    ['makes too few', 'too-few'],
  ])('of several messages is done in their order, and all of it by the next worker when one %s', async (_, step) => {
    const pool = await open({ sign: [step, 'ok'] });
    const payloads = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const { signatures } = await pool.signAll('k1', payloads, () => Promise.resolve());
    expect(signatures.map(({ sig }) => Buffer.from(sig, 'base64'))).toEqual(payloads);
    expect(tasksDone('sign-all')).toBe(2);
  });

  it('of several messages has each verified once, while others are made', async () => {
    const pool = await open({ sign: ['one-by-one'] });
    const payloads = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const verified: [number, Buffer[]][] = [];
    await pool.signAll('k1', payloads, (some, first) => {
      verified.push([first, some.map(({ sig }) => Buffer.from(sig, 'base64'))]);
      return Promise.resolve();
    });
    expect(verified.filter(([, some]) => some.length > 0)).toEqual(payloads.map((one, index) => [index, [one]]));
  });

  it('of several messages is done anew by a fresh worker when what came was wrong', async () => {
    const pool = await open({});
    const [first] = pool.status().workers;
    const wrong = new CountersignError('SIGNATURE_WRONG', 'wrong');
    let looked = 0;
    const { signatures } = await pool.signAll('k1', [payload, payload], () => {
      looked += 1;
      return looked === 1 ? Promise.reject(wrong) : Promise.resolve();
    });
    expect(signatures).toHaveLength(2);
    expect([looked, tasksDone('sign-all'), tasksDone('open')]).toEqual([2, 2, 2]);
    expect(await logger.line('a worker that signed wrongly is replaced')).toContain('SIGNATURE_WRONG');
    expect(pool.status().workers[0]).toMatchObject({ restarts: 1 });
    expect(pool.status().workers[0]?.pid).not.toBe(first?.pid);
    await expect(pool.signAll('k1', [payload], () => Promise.reject(wrong))).rejects.toBe(wrong);
    expect(tasksDone('sign-all')).toBe(6);
  });

  it('that cannot be done fails at once, and the worker stays', async () => {
    const pool = await open({ sign: [failed('KEY_AMBIGUOUS', 'fatal'), 'ok'] });
    await expect(pool.sign(job)).rejects.toMatchObject({ code: 'KEY_AMBIGUOUS' });
    await pool.sign(job);
    expect(tasksDone('open')).toBe(1);
  });

  it('waits for a token that is not there, for as long as it was given', async () => {
    const absent = failed('TOKEN_NOT_FOUND', 'fresh-process');
    const back = await open({ open: [absent, absent, 'ok'] });
    expect(back.status()).toMatchObject({ state: 'unavailable', error: { code: 'TOKEN_NOT_FOUND' } });
    await back.sign(job);
    expect(back.status()).toMatchObject({ state: 'ready', error: null });
    await back.close();

    const gone = await open({ open: [absent] }, { unavailableAfterMs: 50 });
    await expect(gone.sign(job)).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      details: { reason: 'TOKEN_NOT_FOUND' },
    });
    expect(gone.status().queued).toBe(0);
  });

  it('is refused at once while only people can help, and done once they have', async () => {
    const refused = failed('PIN_FILE_INVALID', 'fatal');
    const pool = await open({ open: [refused, refused, refused, 'ok'] });
    await expect(pool.sign(job)).rejects.toMatchObject({ code: 'PIN_FILE_INVALID' });
    await readyAgain(pool);
    await pool.sign(job);
  });

  it('longer than the token signs is refused before a worker sees it', async () => {
    const pool = await open({ keys: [{ ...key, maxMessageBytes: 3114 }] });
    await pool.sign({ keyid: 'k1', payload: Buffer.alloc(3114) });
    await expect(pool.sign({ keyid: 'k1', payload: Buffer.alloc(3115) })).rejects.toMatchObject({
      code: 'TOKEN_MESSAGE_LIMIT',
    });
    expect(tasksDone('sign')).toBe(1);
  });

  it('for a role that the token may not sign for is refused, and its keys are not offered', async () => {
    const pool = await open({}, { roles: ['root'] });
    await expect(pool.sign(job)).rejects.toMatchObject({ code: 'KEY_ROLE_MISMATCH' });
    expect(await pool.keys()).toEqual([]);
  });
});

describe('a refused PIN', () => {
  it.each([
    ['PIN_REFUSED', 'stop-pin'],
    ['PIN_LOCKED', 'stop-locked'],
  ])('(%s) stops every worker of the token: no other one so much as starts', async (code, action) => {
    const pool = await open({ open: [failed(code, action)] }, { workers: 3 });
    expect(tasksDone('open')).toBe(1);
    expect(pool.status()).toMatchObject({ state: 'stopped', error: { code } });
    expect(pool.status().workers.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    await expect(pool.sign(job)).rejects.toMatchObject({ code });
    await expect(pool.keys()).rejects.toMatchObject({ code });
  });

  it('at the restart of one worker stops also those that are logged in, and refuses what waits', async () => {
    const locked = failed('PIN_LOCKED', 'stop-locked');
    const pool = await open({ open: ['ok', 'ok', locked], sign: ['die', 'hang'] }, { workers: 2, signTimeoutMs: 300 });
    const jobs = await Promise.allSettled([pool.sign(job), pool.sign(job), pool.sign(job)]);
    for (const { status } of jobs) expect(status).toBe('rejected');
    expect(pool.status()).toMatchObject({ state: 'stopped', error: { code: 'PIN_LOCKED' }, queued: 0 });
    expect(tasksDone('open')).toBe(3);
  });

  it('reported while signing stops the token too', async () => {
    const pool = await open({ sign: [failed('PIN_REFUSED', 'stop-pin')] });
    await expect(pool.sign(job)).rejects.toMatchObject({ code: 'PIN_REFUSED' });
    expect(pool.status().state).toBe('stopped');
  });
});

describe('closing', () => {
  it('ends the running job, refuses the waiting ones and leaves no process', async () => {
    const pool = await open({});
    const pid = pool.status().workers[0]?.pid ?? 0;
    const running = pool.sign(job);
    const waiting = pool.sign(job);
    waiting.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve)); // the worker takes the first one
    await pool.close();
    await running;
    await expect(waiting).rejects.toMatchObject({ code: 'SIGNER_STOPPING' });
    await expect(pool.sign(job)).rejects.toMatchObject({ code: 'SIGNER_STOPPING' });
    expect(pool.status().state).toBe('closed');
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  });

  it('does not wait for a pause between two starts', async () => {
    const pool = await open({ open: [failed('TOKEN_NOT_FOUND', 'fresh-process')] });
    await pool.close();
    expect(pool.status().workers[0]?.state).toBe('stopped');
  });
});

describe('opening', () => {
  it('starts the workers of all tokens one after another', async () => {
    // each fake start sees how many came before; two at once would both be the first
    const config = configOf({ open: ['ok', failed('TOKEN_NOT_FOUND', 'fresh-process'), 'ok'] });
    const opened = await openTokenPools([config, config], { logger, stateDir: dir, workerPath });
    pools.push(...opened);
    expect(opened.map((pool) => pool.status().state)).toEqual(['ready', 'unavailable']);
  });

  it('refuses a token that nothing names, before it starts any', async () => {
    const nameless = configOf({}, { label: undefined });
    const options = { logger, stateDir: dir, workerPath };
    await expect(openTokenPools([configOf({}), nameless], options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(tasksDone('open')).toBe(0);
  });

  it('says what a worker said that did not even come up', async () => {
    const missing = join(dir, 'no-such-worker.js');
    pools.push(await openTokenPool(configOf({}), { logger, stateDir: dir, workerPath: missing }));
    expect(await logger.line('worker did not start')).toContain('no-such-worker.js');
  });
});

/** Resolves once the pool has a worker: it asks again at each turn of the loop. */
async function readyAgain(pool: TokenPool): Promise<void> {
  while (pool.status().state !== 'ready') await new Promise((resolve) => setImmediate(resolve));
}
