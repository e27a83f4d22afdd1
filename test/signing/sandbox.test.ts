import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSigningService, type SigningService, type Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { createLogger } from '../../src/telemetry/index.js';
import { parseRoot } from '../../src/tuf/index.js';
import { askDevice } from '../support/device.js';
import { createFixture, type Fixture } from '../support/factory-fixture.js';
import { FACTORY, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { createVerifyingSigner } from './verifying-signer.js';
import { ci, person } from './world.js';

/** A request's life over the Factory's real API, spoken over HTTP by the real client. */

let directory: string;
let sandbox: TestSandbox;
let fixture: Fixture;
let store: Store;
let service: SigningService;
/** The answers to so many POSTs get lost on their way back. */
let lostAnswers = 0;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  const [first] = await sandbox.client('bob').rootChain('production', 1);
  const firstRoot = { version: 1, sha256: parseRoot(first ?? Buffer.alloc(0)).sha256 };
  const made = createFixture({
    factory: FACTORY,
    now: sandbox.clock.time,
    changePolicy: (policy) => ({
      ...policy,
      factories: policy.factories.map((factory) => ({ ...factory, url: sandbox.url, firstRoot })),
    }),
  });
  const pins = { ...made.pins, firstRootSha256: { [FACTORY]: firstRoot.sha256 } };
  fixture = { ...made, pins, keys: { ...made.keys, offline: sandbox.offline } };
  directory = await mkdtemp(join(tmpdir(), 'countersign-signing-'));
  store = await openStore(`sqlite:${join(directory, 'service.db')}`);
  lostAnswers = 0;
  const client = sandbox.client('bob', {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (init?.method !== 'POST' || lostAnswers === 0) return response;
      lostAnswers -= 1;
      await response.body?.cancel();
      throw new TypeError('the connection was cut');
    },
  });
  service = createSigningService({
    store,
    signer: createVerifyingSigner(fixture, sandbox.clock),
    factories: new Map([[FACTORY, client]]),
    policies: [fixture.policy],
    pins,
    clock: sandbox.clock,
    logger: createLogger({ level: 'error', style: 'text', program: 'test' }),
  });
});
afterEach(async () => {
  await store.close();
  await sandbox.close();
  await rm(directory, { recursive: true, force: true });
});

async function deliver(name: string, version: number, prune: readonly number[] = []): Promise<string> {
  const { request } = await service.submitWave(
    { factory: FACTORY, name, version, tag: 'production', prune, reason: 'a release' },
    ci,
  );
  for (const officer of ['alice', 'bob']) {
    const sshsig = fixture.approve(officer, await service.statement(request.id));
    await service.approve(request.id, { sshsig }, person(officer));
  }
  await service.reconcile();
  expect(await service.get(request.id)).toMatchObject({ state: 'delivered' });
  return request.id;
}

function askBoard(wave: string) {
  const source = { url: sandbox.url, factory: FACTORY, token: sandbox.token('alice'), wave };
  return askDevice(
    source,
    { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null },
    sandbox.clock.now(),
  );
}

test('Wave after Wave is delivered, and devices take them', async () => {
  await deliver('w40', 40);
  expect(await askBoard('w40')).toMatchObject({ accepted: true });
  await sandbox.client('bob').completeWave('w40');
  await deliver('w42', 42, [40]);
  expect(await askBoard('w42')).toMatchObject({ accepted: true });
});

test('an answer that got lost on the wire is looked after: the Wave is there once', async () => {
  lostAnswers = 1;
  await deliver('w40', 40);
  expect(lostAnswers).toBe(0);
  expect(await sandbox.client('bob').waves()).toMatchObject([{ name: 'w40', status: 'active' }]);
});

test('while another Wave of the tag is active nothing is signed; once it is cancelled it goes on', async () => {
  await deliver('w40', 40);
  const { request } = await service.submitWave(
    { factory: FACTORY, name: 'w41', version: 41, tag: 'production', reason: 'w40 is bad' },
    ci,
  );
  for (const officer of ['alice', 'bob']) {
    const sshsig = fixture.approve(officer, await service.statement(request.id));
    await service.approve(request.id, { sshsig }, person(officer));
  }
  await service.reconcile();
  expect(await service.get(request.id)).toMatchObject({ state: 'open', lastError: { code: 'DELIVERY_CONFLICT' } });
  await sandbox.client('bob').cancelWave('w40');
  sandbox.clock.time = new Date(sandbox.clock.time.getTime() + 60_000);
  await service.reconcile();
  expect(await service.get(request.id)).toMatchObject({ state: 'delivered' });
});
