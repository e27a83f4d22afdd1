import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { askDevice } from '../support/device.js';
import { FACTORY, type TestSandbox } from '../support/sandbox.js';
import { openSandboxService, type SandboxService } from '../support/sandbox-service.js';

/** A request's life over the Factory's real API, spoken over HTTP by the real client. */

let world: SandboxService;
let sandbox: TestSandbox;
/** The answers to so many POSTs get lost on their way back. */
let lostAnswers = 0;

beforeEach(async () => {
  lostAnswers = 0;
  world = await openSandboxService(() => ({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (init?.method !== 'POST' || lostAnswers === 0) return response;
      lostAnswers -= 1;
      await response.body?.cancel();
      throw new TypeError('the connection was cut');
    },
  }));
  ({ sandbox } = world);
});
afterEach(() => world.close());

async function deliver(name: string, version: number, prune: readonly number[] = []): Promise<string> {
  const id = await world.ask(name, version, { prune });
  await world.approve(id);
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  return id;
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
  const id = await world.ask('w41', 41);
  await world.approve(id);
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'open', lastError: { code: 'DELIVERY_CONFLICT' } });
  await sandbox.client('bob').cancelWave('w40');
  sandbox.clock.time = new Date(sandbox.clock.time.getTime() + 60_000);
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
});
