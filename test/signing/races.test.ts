import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { describeOver } from '../store/databases.js';
import { allowBundles, bundlesOver } from '../support/bundle-fixture.js';
import { metadataText } from '../support/factory-fixture.js';
import { ci, createWorld, person, type World } from './world.js';

/** Two services over one database that do the same, or the opposite, at the same time. */

describeOver('at the same time', (database) => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ changePolicy: allowBundles }, {}, database);
  });
  afterEach(() => world.end());

  async function stored(): Promise<number> {
    return (await world.service.list({ limit: 100 })).items.length;
  }

  async function count(id: string, type: string): Promise<number> {
    return (await world.events(id)).filter((one) => one === type).length;
  }

  test('two equal submissions to two services make one request', async () => {
    const { service } = await world.another();
    const submission = { factory: 'acme', name: 'w42', version: 42, tag: 'production', reason: 'a fix' };
    const answers = await Promise.all(
      [world.service, service, world.service, service].map((one) => one.submitWave(submission, ci)),
    );
    expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await stored()).toBe(1);
  });

  test('a submission that is stored while another service looks for it is found as the repeat that it is', async () => {
    const { requests } = world.store;
    let first: ReturnType<World['ask']> | undefined;
    const overtaken =
      <A extends unknown[], R>(look: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        const found = await look(...args);
        await (first ??= world.ask());
        return found;
      };
    const findByWave = overtaken((...about: Parameters<typeof requests.findByWave>) => requests.findByWave(...about));
    const findHolder = overtaken((...about: Parameters<typeof requests.findHolder>) => requests.findHolder(...about));
    const looking = { ...requests, findByWave, findHolder };
    const { service } = await world.another({ store: { ...world.store, requests: looking } });
    const submission = { factory: 'acme', name: 'w42', version: 42, tag: 'production', reason: 'a fix' };
    const { request, created } = await service.submitWave(submission, ci);
    expect(created).toBe(false);
    expect(request.id).toBe((await first)?.request.id);
    expect(await stored()).toBe(1);
  });

  test.each([
    ['under one key', 'k'],
    ['without a key', null],
  ])('equal bundles to two services make one request, %s', async (_how, key) => {
    const { fixture } = world;
    if (fixture.productionTargets === null) throw new Error('the fixture has production targets');
    const bundles = bundlesOver(fixture, fixture.productionTargets);
    const { service } = await world.another();
    const submission = {
      ...{ factory: 'acme', reason: 'sticks', bundle: bundles.bundle() },
      targets: Buffer.from(metadataText(bundles.targets)),
      roots: fixture.rootTexts.production.slice(2).map((text) => Buffer.from(text)),
      ...(key === null ? {} : { idempotencyKey: key }),
    };
    const answers = await Promise.all(
      [world.service, service, world.service, service].map((one) => one.submitBundle(submission, ci)),
    );
    expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await stored()).toBe(1);
  });

  test('of two different ones for a tag, one is refused', async () => {
    const { service } = await world.another();
    const submission = { factory: 'acme', tag: 'production', reason: 'a fix' };
    const answers = await Promise.allSettled([
      world.service.submitWave({ ...submission, name: 'w42', version: 42 }, ci),
      service.submitWave({ ...submission, name: 'w43', version: 43 }, ci),
    ]);
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    expect(refused).toMatchObject([{ code: 'REQUEST_OPEN_EXISTS' }]);
    expect(await stored()).toBe(1);
  });

  test('submissions with one key and different contents make one request, and the others are conflicts', async () => {
    const { service } = await world.another();
    const submission = { factory: 'acme', name: 'w42', version: 42, reason: 'a fix', idempotencyKey: 'k' };
    const answers = await Promise.allSettled(
      [world.service, service, world.service, service].map((one, number) =>
        one.submitWave({ ...submission, tag: `tag-${number}` }, ci),
      ),
    );
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    expect(refused).toMatchObject(Array.from({ length: 3 }, () => ({ code: 'IDEMPOTENCY_CONFLICT' })));
    expect(await stored()).toBe(1);
  });

  test('approvals of one officer to two services count once', async () => {
    const { service } = await world.another();
    const { request } = await world.ask();
    const sshsig = world.fixture.approve('alice', await service.statement(request.id));
    const views = await Promise.all(
      [world.service, service, world.service, service].map((one) =>
        one.approve(request.id, { sshsig }, person('alice')),
      ),
    );
    expect(views.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open']);
    expect(await count(request.id, 'approved')).toBe(1);
    expect(await world.store.requests.approvals(request.id)).toHaveLength(1);
  });

  test('two services sign and deliver a request once', async () => {
    const { service } = await world.another();
    const id = await world.approved();
    await Promise.all([world.service.reconcile(), service.reconcile()]);
    await Promise.all([world.service.reconcile(), service.reconcile()]);
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
    expect(world.factory.waveList).toHaveLength(1);
    for (const type of ['signed', 'delivered', 'published']) expect([type, await count(id, type)]).toEqual([type, 1]);
    await world.service.verifyEvents();
  });

  test('a rejection and the signing end in one of the two, never in both', async () => {
    const { service } = await world.another();
    const id = await world.approved();
    const rejection = world.fixture.reject('carol', await service.statement(id), 'wait');
    await Promise.allSettled([
      world.service.reconcile(),
      service.reject(id, { rejection: rejection.text, sshsig: rejection.sshsig }, person('carol')),
    ]);
    await Promise.all([world.service.reconcile(), service.reconcile()]);
    const signed = await count(id, 'signed');
    expect(signed + (await count(id, 'rejected'))).toBe(1);
    expect(world.factory.waveList).toHaveLength(signed);
    expect(await world.store.requests.signatures(id)).toHaveLength(signed);
  });
});
