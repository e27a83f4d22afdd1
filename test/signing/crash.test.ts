import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { STEPS, type Step } from '../../src/signing/index.js';
import { deathAt } from './death-at.js';
import { ci, createWorld, person, type World } from './world.js';

/**
 * kill -9 at every named step: from that moment on nothing of the old service runs any more (the step never
 * returns, and its connection is closed), and a new one is started on the same database.
 */

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

/** Puts a service into the world that dies at `step`, and says when it did. */
async function dyingAt(step: Step): Promise<{ died: Promise<void> }> {
  const { died, onStep } = deathAt(step);
  Object.assign(world, await world.another({ onStep }));
  return { died };
}

async function restart(): Promise<void> {
  await world.store.close();
  Object.assign(world, await world.another());
}

/** Runs what dies on the way; a promise of it would never settle. */
async function untilDeath(died: Promise<void>, work: () => Promise<unknown>): Promise<void> {
  const survived = work().then(() => 'survived');
  expect(await Promise.race([died, survived])).not.toBe('survived');
}

async function only() {
  const { items } = await world.service.list({ limit: 10 });
  expect(items).toHaveLength(1);
  const [item] = items;
  if (item === undefined) throw new Error('no request');
  return item;
}

async function expectDeliveredOnce(id: string): Promise<void> {
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered', signatures: [{}] });
  expect(world.factory.waveList).toHaveLength(1);
  expect(world.signer.issued.size).toBe(1);
  const stored = await world.store.requests.find(id);
  expect(stored?.signerTold).not.toBeNull();
  const events = await world.events(id);
  for (const type of ['asked', 'opened', 'signed', 'delivered', 'published']) {
    expect([type, events.filter((one) => one === type).length]).toEqual([type, 1]);
  }
  await world.service.verifyEvents();
}

const submitSteps = STEPS.filter((step) => step.startsWith('submit:'));
const approveSteps = STEPS.filter((step) => step.startsWith('approve:'));
const rejectSteps = STEPS.filter((step) => step.startsWith('reject:'));
const runnerSteps = STEPS.filter((step) => /^(sign|deliver|publish):/.test(step));

test('every named step is covered here', () => {
  expect([...submitSteps, ...approveSteps, ...rejectSteps, ...runnerSteps].sort()).toEqual([...STEPS].sort());
});

describe('a submission that dies', () => {
  test.each(submitSteps)('at %s can be repeated, and makes one request that ends right', async (step) => {
    const { died } = await dyingAt(step);
    await untilDeath(died, () => world.ask());
    await restart();
    const { request } = await world.ask();
    expect(request.id).toBe((await only()).id);
    await world.service.reconcile();
    await world.approve(request.id, 'alice');
    await world.approve(request.id, 'bob');
    await expectDeliveredOnce(request.id);
  });

  test('after it was stored is opened by the runner, without a repeat', async () => {
    const { died } = await dyingAt('submit:after-insert');
    await untilDeath(died, () => world.ask());
    await restart();
    expect(await only()).toMatchObject({ state: 'preparing', progress: 'preparing' });
    await world.service.reconcile();
    expect(await only()).toMatchObject({ state: 'open' });
  });

  test('after it was stored is opened by whoever decides first', async () => {
    const { died } = await dyingAt('submit:after-insert');
    await untilDeath(died, () => world.ask());
    await restart();
    const { id } = await only();
    await world.approve(id, 'alice');
    await world.approve(id, 'bob');
    await expectDeliveredOnce(id);
  });

  test('after it was stored, and resumed too late, is closed and frees the tag', async () => {
    const { died } = await dyingAt('submit:after-insert');
    await untilDeath(died, () => world.ask());
    await restart();
    world.clock.advance(73 * 3600_000);
    await world.service.reconcile();
    expect(await only()).toMatchObject({ state: 'closed', closedBecause: 'expired' });
  });
});

test.each(approveSteps)('an approval that dies at %s can be repeated', async (step) => {
  const { request } = await world.ask();
  await world.approve(request.id, 'alice');
  const { died } = await dyingAt(step);
  await untilDeath(died, () => world.approve(request.id, 'bob'));
  await restart();
  await world.approve(request.id, 'bob');
  expect((await world.events(request.id)).filter((type) => type === 'approved')).toHaveLength(2);
  await expectDeliveredOnce(request.id);
});

test.each(rejectSteps)('a rejection that dies at %s stands, and becomes a veto', async (step) => {
  const id = await world.approved();
  const { died } = await dyingAt(step);
  await untilDeath(died, () => world.reject(id, 'carol'));
  await restart();
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({
    state: 'closed',
    closedBecause: 'rejected',
    rejections: [{ person: 'carol', vetoed: true }],
  });
  expect(world.signer.vetoes.size).toBe(1);
  expect(world.signer.issued.size).toBe(0);
});

describe('the runner that dies', () => {
  test.each(runnerSteps)('at %s: the request is signed and delivered once', async (step) => {
    const id = await world.approved();
    const { died } = await dyingAt(step);
    await untilDeath(died, () => world.service.reconcile());
    await restart();
    await expectDeliveredOnce(id);
  });

  test('while the signer worked, and an officer rejects before the restart: nothing is delivered', async () => {
    const id = await world.approved();
    const { died } = await dyingAt('sign:after-signer');
    await untilDeath(died, () => world.service.reconcile());
    await restart();
    await world.reject(id, 'carol');
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'rejected', signatures: [] });
    expect(world.factory.waveList).toEqual([]);
    // What was signed all the same is out in the world: the next one says so.
    const next = await world.approved({ name: 'w42b', expires: '2027-05-01T00:00:00Z' });
    await world.service.reconcile();
    expect(await world.service.get(next)).toMatchObject({ state: 'delivered' });
    expect(await world.service.statement(next)).toContain((await world.service.get(id)).statementSha256);
  });

  test('and is cancelled in between ends as cancelled', async () => {
    const id = await world.approved();
    const { died } = await dyingAt('sign:before-signer');
    await untilDeath(died, () => world.service.reconcile());
    await restart();
    await world.service.cancel(id, ci);
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'cancelled' });
    expect(world.signer.calls).not.toContain('sign');
  });

  test('after the sending, with the Factory gone for a while', async () => {
    const id = await world.approved();
    const { died } = await dyingAt('deliver:after-post');
    await untilDeath(died, () => world.service.reconcile());
    await restart();
    await expect(world.service.cancel(id, person('carol'))).rejects.toMatchObject({ code: 'REQUEST_STATE' });
    await expectDeliveredOnce(id);
  });
});
