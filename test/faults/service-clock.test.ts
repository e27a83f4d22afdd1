/** The service's clock, set forward and back while requests are under way, and between two runs of it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import { unavailable } from '../signing/memory-factory.js';
import { createWorld, type World } from '../signing/world.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

const noSigner = (): CountersignError => new CountersignError('SIGNER_UNAVAILABLE', 'made to fail');
const stateOf = async (id: string): Promise<string> => (await world.service.get(id)).state;
const attempts = async (id: string): Promise<number> => (await world.store.requests.find(id))?.attempts ?? -1;

describe.each([
  ['forward by hours', 20 * HOUR_MS],
  ['forward by ten years', 10 * YEAR_MS],
])('a clock that was %s and is right again', (_what, offMs) => {
  test('keeps no signed request waiting for the time of a retry that it set', async () => {
    const id = await world.approved();
    world.factory.fail('createWave', { when: 'before', error: unavailable() });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('signed');
    // the signer and the Factory are right: only what is tried again is dated by this clock
    world.factory.fail('wave', { when: 'before', error: unavailable() });
    world.clock.advance(offMs);
    await world.service.reconcile();
    world.clock.advance(-offMs);
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
  });

  test('keeps no delivered request from being told to the signer', async () => {
    const id = await world.approved();
    world.signer.fail('published', noSigner());
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
    world.signer.fail('published', noSigner());
    world.clock.advance(offMs);
    await world.service.reconcile();
    world.clock.advance(-offMs);
    await world.service.reconcile();
    expect((await world.events(id)).at(-1)).toBe('published');
  });

  test('does not keep a service that was started meanwhile from going on', async () => {
    const id = await world.approved();
    world.signer.fail('sign', noSigner());
    world.clock.advance(Math.min(offMs, 20 * HOUR_MS));
    await world.service.reconcile();
    world.clock.advance(-Math.min(offMs, 20 * HOUR_MS));
    const { service } = await world.another();
    await service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
  });
});

test('a clock that is set back keeps no request waiting: what was to be tried in a minute is tried', async () => {
  const id = await world.approved();
  world.factory.fail('createWave', { when: 'before', error: unavailable() });
  await world.service.reconcile();
  expect(await stateOf(id)).toBe('signed');
  world.clock.advance(-10 * YEAR_MS);
  await world.service.reconcile();
  expect(await stateOf(id)).toBe('delivered');
});

test('pauses are kept while the clock is right', async () => {
  const id = await world.approved();
  world.signer.fail('sign', noSigner());
  await world.service.reconcile();
  await world.service.reconcile();
  expect(await attempts(id)).toBe(1);
  world.clock.advance(60_000);
  await world.service.reconcile();
  expect(await stateOf(id)).toBe('delivered');
});

test('a request that only a person can help is not tried again by itself, and still ends with its time', async () => {
  const id = await world.approved();
  world.signer.fail('sign', new CountersignError('SIGN_KEY_ONLINE', 'made to fail'));
  await world.service.reconcile();
  world.clock.advance(HOUR_MS);
  await world.service.reconcile();
  expect([await stateOf(id), await attempts(id)]).toEqual(['open', 1]);
  world.clock.advance(72 * HOUR_MS);
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'expired' });
});

test('a clock that is ahead of the statements by more than their life closes them, and signs nothing', async () => {
  const id = await world.approved();
  world.clock.advance(10 * YEAR_MS);
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'expired', signatures: [] });
});

test('while the clock is years ahead no Wave can be asked for: every root has expired', async () => {
  world.clock.advance(10 * YEAR_MS);
  await expect(world.ask()).rejects.toMatchObject({ code: 'METADATA_EXPIRED' });
  world.clock.advance(-10 * YEAR_MS);
  await expect(world.ask()).resolves.toMatchObject({ request: { state: 'open' } });
});

test('what has expired is cleaned up also after the clock was set back', async () => {
  const { store, clock } = world;
  const challenge = { sha256: 'a'.repeat(64), text: 'x', person: 'alice', fingerprint: 'SHA256:x' };
  clock.advance(10 * YEAR_MS);
  await world.service.reconcile();
  clock.advance(-10 * YEAR_MS);
  const created = clock.time.toISOString();
  await store.challenges.create({ ...challenge, created, expires: created });
  await world.service.reconcile();
  // asked for at a time at which it had not expired: it is gone
  expect(await store.challenges.consume(challenge.sha256, '2000-01-01T00:00:00Z')).toBeNull();
});

test('events keep their order by number and hold, whatever their times say', async () => {
  for (const [tag, ms] of [
    ['one', 10 * YEAR_MS],
    ['two', -10 * YEAR_MS],
    ['three', -YEAR_MS],
    ['four', YEAR_MS],
  ] as const) {
    await world.store.events.append({
      at: world.clock.time.toISOString(),
      actor: tag,
      type: 'login',
      request: null,
      details: {},
    });
    world.clock.advance(ms);
  }
  await expect(world.service.verifyEvents()).resolves.toMatchObject({ count: 4 });
  const events = await world.store.events.list({ after: 0, limit: 10 });
  expect(events.map(({ actor }) => actor)).toEqual(['one', 'two', 'three', 'four']);
});
