/**
 * kill -9 of service, signer and worker, as processes of a whole installation (SQLite file, journal with its fsync, SoftHSM, a Factory),
 * at every named step of a Wave's life. What died is started again and nothing else is done by hand: callers whose connection broke
 * repeat their very call.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { SIGNER_STEPS } from '../../src/signer/server/steps.js';
import { ROOT_STEPS, STEPS } from '../../src/signing/index.js';
import type { Rule } from '../shim/fault-shim.js';
import { expectDeliveredOnce } from './endings.js';
import { eventually } from './eventually.js';
import { type KillSite, openKillSite } from './kill-site.js';
import { ROOT_SERVICE_LIVES, ROOT_SIGNER_LIVES } from './root-stories.js';
import { killsOf, LAST_SIGNER_LIFE, type Life, SERVICE_LIVES, SIGNER_LIVES, titled } from './stories.js';
import { signerOf, type Wave, wholeWave } from './waves.js';

/** Processes take their time on a busy machine; no story waits for a clock. */
const PATIENCE_MS = 600_000;
jest.setTimeout(PATIENCE_MS);
let site: KillSite;
beforeAll(async () => {
  site = await openKillSite([{ role: 'targets', type: 'rsa3072' }]);
});
afterAll(async () => site.end());

/** Does `work`, in which workers begin anew: a login each, at most, and `besides` by others. Resolves when a worker waits for jobs again. */
async function withOneLoginEach(work: () => Promise<void>, besides = 0): Promise<void> {
  const ended = () => site.deaths('signer') + workersKilled();
  const before = { ended: ended(), logins: site.shim.calls('C_Login') };
  await work();
  await eventually('a worker that is idle', async () => ((await workerOf()).state === 'idle' ? true : null));
  const logins = site.shim.calls('C_Login') - before.logins - besides;
  expect(logins).toBeLessThanOrEqual(ended() - before.ended);
}

function workersKilled(): number {
  return site.signerLog().split('SIGKILL').length - 1;
}

async function workerOf(): Promise<{ pid: number | null; state: string }> {
  const [worker] = (await signerOf(site).status()).tokens[0]?.workers ?? [];
  if (worker === undefined) throw new Error('the signer has no worker');
  return worker;
}

it('has a story for every named step, of Waves or of root updates', () => {
  const stepsOf = (...lives: readonly Life<string>[]) =>
    new Set(lives.flatMap(({ deaths }) => deaths.map(({ step }) => step)));
  expect(stepsOf(...SERVICE_LIVES)).toEqual(new Set(STEPS));
  expect(stepsOf(...SERVICE_LIVES, ...ROOT_SERVICE_LIVES)).toEqual(new Set([...STEPS, ...ROOT_STEPS]));
  expect(stepsOf(...SIGNER_LIVES, LAST_SIGNER_LIFE, ...ROOT_SIGNER_LIVES)).toEqual(new Set(SIGNER_STEPS));
});

describe('the signer, killed', () => {
  it.each(titled(SIGNER_LIVES))('at %s', async (_, { deaths, story }) => {
    const besides = deaths.some(({ step }) => step === 'journal:key') ? 1 : 0; // whoever makes the key
    await withOneLoginEach(() => story(site, killsOf('signer', deaths)), besides);
  });
});

describe('the service, killed', () => {
  it.each(titled(SERVICE_LIVES))('at %s', async (_, { deaths, story }) => {
    await withOneLoginEach(() => story(site, killsOf('service', deaths)));
  });
});

describe('a worker, killed', () => {
  /** Does a Wave, in which so many workers have to end by SIGKILL. */
  async function whileWorkersDie(deaths: number, wave: () => Promise<Wave>): Promise<void> {
    const before = workersKilled();
    const killed = () => workersKilled() - before;
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

  it('when the intent is on the disk and the job not handed over, and when its answer has come and is not in the journal', async () => {
    const kills = (['sign:intended', 'sign:made'] as const).map((step) => ({
      ...({ program: 'signer', step, victim: 'workers' } as const),
    }));
    await whileWorkersDie(2, () => site.killing(kills, () => wholeWave(site)));
  });
});

it('leaves no worker behind whose signer was killed', async () => {
  const started = [...site.signerLog().matchAll(/worker started.*"pid":(\d+)/g)].map(([, pid]) => Number(pid));
  const { pid: current } = await workerOf();
  expect(started.length).toBeGreaterThan(SIGNER_LIVES.length);
  for (const pid of started.filter((one) => one !== current)) {
    await eventually(`the end of worker ${pid}`, () => (isWorker(pid) ? null : true));
  }
});

it.each(titled([LAST_SIGNER_LIFE]))(
  'the signer, killed when it learns that its key was stolen, at %s',
  async (_, { deaths, story }) => story(site, killsOf('signer', deaths)),
);

/** Whether a worker has this pid: another process may have it by now, or what is left of the worker until somebody looks. */
function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker-main.js');
  } catch {
    return false;
  }
}
