import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROOT_STEPS, STEPS, type RootIntention, type Step } from '../../src/signing/index.js';
import { parseRoot } from '../../src/tuf/index.js';
import { FACTORY } from '../support/sandbox.js';
import { deathAt } from './death-at.js';
import { createRootWorld, type RootWorld } from './root-world.js';
import { person } from './world.js';

/**
 * kill -9 at every named step of a root update: from that moment on nothing of the old service runs any more (the step never
 * returns, and its connection is closed), and a new one is started on the same database. The Factory goes on.
 */

let world: RootWorld;
beforeEach(async () => {
  world = await createRootWorld({ owned: true });
});
afterEach(() => world.end());

const ROTATE: RootIntention = { op: 'rotate-key', role: 'targets' };

/** Does some work with a service that dies at `step`, and starts another one. */
async function dyingAt(step: Step, work: () => Promise<unknown>): Promise<void> {
  const { died, onStep } = deathAt(step);
  Object.assign(world, await world.another({ onStep }));
  const survived = work().then(() => 'survived');
  expect(await Promise.race([died, survived])).not.toBe('survived');
  await world.store.close();
  Object.assign(world, await world.another());
}

async function looks(times: number): Promise<void> {
  for (let look = 0; look < times; look += 1) {
    world.advance(31_000);
    await world.service.reconcile();
  }
}

/** In force once, in both repositories; nothing is left at the Factory, and the key is the one that waited. */
async function expectInForceOnce(): Promise<void> {
  const roots = await world.sandbox.client('bob').rootChain('production', 3);
  expect(roots.map((root) => parseRoot(root).signed.version)).toEqual([3, 4]);
  expect(parseRoot(roots[1] ?? Buffer.alloc(0)).signed.roles['targets']?.keyids).toContain(
    world.keys.targets[1]?.keyid,
  );
  expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE' });
  const { items } = await world.service.list({ limit: 10, state: 'delivered' });
  expect(items).toHaveLength(1);
  const stored = await world.store.requests.find(items[0]?.id ?? '');
  expect(stored?.signerTold).not.toBeNull();
  await world.service.verifyEvents();
}

const asking: readonly Step[] = [
  'root:before-begin',
  'root:after-begin',
  'submit:before-insert',
  'submit:after-insert',
  'submit:after-open',
];
const running: readonly Step[] = [
  'sign:before-signer',
  'sign:after-signer',
  'sign:after-store',
  'root:before-put',
  'root:after-put',
  'root:before-apply',
  'root:after-apply',
  'deliver:after-fetch',
  'deliver:after-store',
  'publish:after-signer',
  'publish:after-store',
];
const settling: readonly Step[] = [
  'root:before-cancel',
  'root:after-cancel',
  'root:before-rebuild',
  'root:after-rebuild',
];

test('every step that root updates alone have is covered here', () => {
  const covered = [...asking, ...running, ...settling];
  expect(covered.filter((step) => step.startsWith('root:')).sort()).toEqual([...ROOT_STEPS].sort());
  expect(
    STEPS.filter((step) => /^(submit|sign|publish):/.test(step)).filter((step) => !covered.includes(step)),
  ).toEqual([]);
});

describe('a submission that dies', () => {
  test.each(asking)('at %s can be repeated, and makes one request that ends right', async (step) => {
    await dyingAt(step, () => world.ask([ROTATE]));
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await looks(1);
    await expectInForceOnce();
  });

  test('and is not repeated gives the Factory back by itself', async () => {
    await dyingAt('root:after-begin', () => world.ask([ROTATE]));
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'STARTED', transaction: 'foreign' });
    world.advance(121_000);
    await world.service.reconcile();
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE' });
  });
});

describe('the runner that dies', () => {
  test.each(running)('at %s: the roots are signed once and come into force', async (step) => {
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await dyingAt(step, () => world.service.reconcile());
    await looks(2);
    await expectInForceOnce();
  });

  test.each(settling)('at %s: what was cancelled upstream is asked for anew, once', async (step) => {
    const { id } = await world.ask([ROTATE]);
    if (step.endsWith('cancel')) {
      // a rejection leaves a transaction to be taken back
      const { text, sshsig } = world.fixture.reject('alice', await world.service.statement(id), 'not now');
      await dyingAt(step, async () => {
        await world.service.reject(id, { rejection: text, sshsig }, person('alice'));
        await world.service.reconcile();
      });
      await looks(1);
      expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE' });
      const next = await world.ask([ROTATE]);
      await world.approve(next.id);
    } else {
      await world.sandbox.client('alice').cancelRootUpdate();
      await dyingAt(step, () => world.service.reconcile());
      await looks(1);
      const next = (await world.view(id)).root?.rebuiltAs ?? '';
      await world.approve(next);
    }
    await looks(1);
    await expectInForceOnce();
  });
});
