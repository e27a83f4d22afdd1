/**
 * kill -9 of service, signer and worker, as processes of a whole installation (SQLite file, journal with its fsync, SoftHSM, a Factory),
 * at every named step of a request's life. What died is started again and nothing else is done by hand: callers whose connection broke
 * repeat their very call.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { SIGNER_STEPS } from '../../src/signer/server/steps.js';
import { STEPS } from '../../src/signing/index.js';
import type { Rule } from '../shim/fault-shim.js';
import { expectDeliveredOnce } from './endings.js';
import { eventually } from './eventually.js';
import { type KillSite, openKillSite } from './kill-site.js';
import { SERVICE_STORIES, SIGNER_STORIES } from './stories.js';
import { signerOf, type Wave, wholeWave } from './waves.js';

/** Processes take their time on a busy machine; no story waits for a clock. */
const PATIENCE_MS = 600_000;
jest.setTimeout(PATIENCE_MS);
let site: KillSite;
beforeAll(async () => {
  site = await openKillSite();
});
afterAll(async () => site.end());

/**
 * Holds `work` to one login for each worker that the signer starts meanwhile, and `besides` by others; resolves when a worker waits for
 * jobs again.
 */
async function withOneLoginEach(work: () => Promise<void>, besides = 0): Promise<void> {
  const from = site.signerLog().length;
  const before = site.shim.calls('C_Login');
  await work();
  await eventually('a worker that is idle', async () => ((await workerOf()).state === 'idle' ? true : null));
  const logins = site.shim.calls('C_Login') - before - besides;
  const starts = () =>
    site
      .signerLog()
      .slice(from)
      .match(/worker (started|did not start)/g)?.length ?? 0;
  await eventually(`${logins} worker(s) that were started`, () => (starts() >= logins ? true : null));
}

async function workerOf(): Promise<{ pid: number | null; state: string }> {
  const [worker] = (await signerOf(site).status()).tokens[0]?.workers ?? [];
  if (worker === undefined) throw new Error('the signer has no worker');
  return worker;
}

it('has a story for every named step', () => {
  expect(Object.keys(SERVICE_STORIES).sort()).toEqual([...STEPS].sort());
  expect(Object.keys(SIGNER_STORIES).sort()).toEqual([...SIGNER_STEPS].sort());
});

/** The roots are new to a signer only at first; and what freezes a role ends all other stories. */
const [FIRST, LAST] = ['journal:root', 'journal:freeze'] as const;
const signerSteps = SIGNER_STEPS.filter((step) => step !== FIRST && step !== LAST);

describe('the signer, killed', () => {
  it.each([FIRST, ...signerSteps])('at %s', async (step) => {
    const besides = step === 'journal:key' ? 1 : 0; // whoever makes the key
    await withOneLoginEach(() => SIGNER_STORIES[step](site, { program: 'signer', step }), besides);
  });
});

describe('the service, killed', () => {
  it.each(STEPS)('at %s', async (step) => {
    await withOneLoginEach(() => SERVICE_STORIES[step](site, { program: 'service', step }));
  });
});

describe('a worker, killed', () => {
  /** Does a Wave, in which so many workers have to end by SIGKILL. */
  async function whileWorkersDie(deaths: number, wave: () => Promise<Wave>): Promise<void> {
    const from = site.signerLog().length;
    const killed = () => site.signerLog().slice(from).split('SIGKILL').length - 1;
    const made: Wave[] = [];
    await withOneLoginEach(async () => {
      made.push(await wave());
      await eventually(`${deaths} worker(s) killed`, () => (killed() >= deaths ? true : null));
    });
    expect(killed()).toBe(deaths);
    for (const one of made) await expectDeliveredOnce(site, one);
  }

  const whileStarting: [string, Rule][] = [
    ['before the module is initialised', { call: 'C_Initialize', fault: 'kill' }],
    ['when the PIN is about to be sent', { call: 'C_Login', fault: 'kill' }],
    ['when the PIN was taken and that is not on record', { call: 'C_Login', fault: 'kill-after' }],
    ['when it is logged in and has not looked for its keys', { call: 'C_FindObjectsInit', fault: 'kill' }],
  ];
  it.each(whileStarting)('as it starts after another one was killed, %s', async (_, rule) => {
    const { pid } = await workerOf();
    site.shim.plan(rule);
    process.kill(pid ?? 0, 'SIGKILL');
    await whileWorkersDie(2, () => wholeWave(site));
  });

  const overJob: [string, Rule][] = [
    ['when it has the job and has not begun', { call: 'C_SignInit', fault: 'kill' }],
    ['when the token is about to sign', { call: 'C_Sign', fault: 'kill' }],
    ['when the token has signed and the answer is not sent', { call: 'C_Sign', fault: 'kill-after' }],
  ];
  it.each(overJob)('%s', async (_, rule) => {
    site.shim.plan(rule);
    await whileWorkersDie(1, () => wholeWave(site));
  });

  it.each([
    ['when the intent is on the disk and the job not handed over', 'sign:intended'],
    ['when its answer has come and is not in the journal', 'sign:made'],
  ])('%s', async (_, step) => {
    const kill = { program: 'signer', step, victim: 'workers' } as const;
    await whileWorkersDie(1, () => site.killing(kill, () => wholeWave(site)));
  });
});

it('leaves no worker behind whose signer was killed', async () => {
  const started = [...site.signerLog().matchAll(/worker started.*"pid":(\d+)/g)].map(([, pid]) => Number(pid));
  const { pid: current } = await workerOf();
  expect(started.length).toBeGreaterThan(signerSteps.length);
  for (const pid of started.filter((one) => one !== current)) {
    await eventually(`the end of worker ${pid}`, () => (isWorker(pid) ? null : true));
  }
});

describe('the signer, killed when it learns that its key was stolen', () => {
  it(`at ${LAST}`, () => SIGNER_STORIES[LAST](site, { program: 'signer', step: LAST }));
});

/** Whether a worker has this pid: another process may have it by now, or what is left of the worker until somebody looks. */
function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker-main.js');
  } catch {
    return false;
  }
}
