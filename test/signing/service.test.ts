import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import { createSigningService, type Timers } from '../../src/signing/index.js';
import { unavailable } from './memory-factory.js';
import { ci, createWorld, person, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

/** Timers that a test lets run out. */
function manualTimers(): Timers & { readonly pending: Set<() => void>; fire(): void } {
  const pending = new Set<() => void>();
  return {
    pending,
    after: (_delayMs, fn) => {
      pending.add(fn);
      return () => {
        pending.delete(fn);
      };
    },
    fire: () => {
      for (const fn of [...pending]) {
        pending.delete(fn);
        fn();
      }
    },
  };
}

describe('a started service', () => {
  test('signs and delivers by itself at the last approval', async () => {
    const timers = manualTimers();
    Object.assign(world, await world.another({ timers }));
    world.service.start();
    const id = await world.approved();
    const until = new Date(world.clock.now().getTime() + 60_000);
    expect(await world.service.waitFor(id, until)).toMatchObject({ state: 'delivered' });
    await world.service.stop();
    expect(timers.pending.size).toBe(0);
  });

  test('takes up at its start what another one left', async () => {
    const id = await world.approved();
    Object.assign(world, await world.another());
    world.service.start();
    const until = new Date(world.clock.now().getTime() + 60_000);
    expect(await world.service.waitFor(id, until)).toMatchObject({ state: 'delivered' });
    await world.service.stop();
  });

  test('does nothing any more once it is stopped', async () => {
    world.service.start();
    await world.service.stop();
    await world.approved();
    expect(world.signer.calls).not.toContain('sign');
  });
});

describe('waiting', () => {
  test('ends at its time with the request as it is', async () => {
    const timers = manualTimers();
    Object.assign(world, await world.another({ timers }));
    const { request } = await world.ask();
    const waiting = world.service.waitFor(request.id, new Date(world.clock.now().getTime() + 5000));
    await settle(() => timers.pending.size > 0);
    world.clock.advance(5000);
    timers.fire();
    expect(await waiting).toMatchObject({ state: 'open' });
  });

  test('ends when the caller is gone', async () => {
    const { request } = await world.ask();
    const gone = new AbortController();
    const waiting = world.service.waitFor(request.id, new Date(world.clock.now().getTime() + 5000), gone.signal);
    gone.abort();
    expect(await waiting).toMatchObject({ state: 'open' });
  });

  test('ends when another process brought the request to its end', async () => {
    const timers = manualTimers();
    const other = await world.another({ timers });
    const id = await world.approved();
    const waiting = other.service.waitFor(id, new Date(world.clock.now().getTime() + 60_000));
    await settle(() => timers.pending.size > 0);
    await world.service.reconcile();
    timers.fire();
    expect(await waiting).toMatchObject({ state: 'delivered' });
    expect(timers.pending.size).toBe(0);
  });

  test('for nothing is refused', async () => {
    await expect(world.service.waitFor('req_none', new Date())).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
  });
});

describe('readiness', () => {
  test('is there when store, signer, token and Factory are', async () => {
    expect(await world.service.readiness()).toEqual({
      ready: true,
      checks: [
        { name: 'store', ok: true },
        { name: 'signer', ok: true },
        { name: 'token', subject: 'targets', ok: true },
        { name: 'factory', subject: 'acme', ok: true },
      ],
    });
  });

  test('asks for the gateway where there is one', async () => {
    const down = new CountersignError('GATEWAY_UNAVAILABLE', 'the gateway does not listen');
    const answers = await world.another({ checkGateway: () => Promise.resolve() });
    expect((await answers.service.readiness()).checks).toContainEqual({ name: 'gateway', ok: true });
    const other = await world.another({ checkGateway: () => Promise.reject(down) });
    const { ready, checks } = await other.service.readiness();
    expect(ready).toBe(false);
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([{ name: 'gateway', code: 'GATEWAY_UNAVAILABLE' }]);
  });

  test('says which one is missing', async () => {
    world.signer.fail('status', new CountersignError('SIGNER_UNAVAILABLE', 'no socket'));
    world.factory.fail('self', { when: 'before', error: unavailable() });
    const { ready, checks } = await world.service.readiness();
    expect(ready).toBe(false);
    expect(checks.filter(({ ok }) => !ok).map(({ name, code }) => [name, code])).toEqual([
      ['signer', 'SIGNER_UNAVAILABLE'],
      ['factory', 'FACTORY_UNAVAILABLE'],
    ]);
  });

  test.each([
    [{ initialised: false }, 'SIGNER_NOT_INITIALISED'],
    [{ clockOk: false }, 'SIGNER_CLOCK'],
    [{ journal: { seq: 3, hash: 'x', at: '2026-11-22T16:00:00Z', failed: true } }, 'JOURNAL_WRITE_FAILED'],
    [{ service: 'a'.repeat(64) }, 'STATEMENT_OTHER_SERVICE'],
    [{ frozen: [{ factory: 'acme', role: 'targets' }] }, 'ROLE_FROZEN'],
    [{ tokens: [{ label: 'targets', serial: null, state: 'absent', workers: [] }] }, 'TOKEN_UNAVAILABLE'],
  ])('is not there with a signer that says %j', async (change, code) => {
    const honest = { ...world.signer };
    world.signer.status = async () => ({ ...(await honest.status()), ...change });
    const { ready, checks } = await world.service.readiness();
    expect(ready).toBe(false);
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([{ code }]);
  });
});

describe('what can be read', () => {
  test('a difference is shown from the stored changes and base', async () => {
    const { request } = await world.ask();
    const { summary, text } = await world.service.diff(request.id);
    expect(summary).toMatchObject({ version: 42, tag: 'production', previousVersion: 40 });
    expect(text).toContain('raspberrypi4-64-lmp-42');
  });

  test('events come in pages', async () => {
    await world.approved();
    const first = await world.service.events({ limit: 3 });
    expect(first.items.map(({ type }) => type)).toEqual(['asked', 'opened', 'approved']);
    expect(first.items[0]?.details).toMatchObject({ wave: 'w42', tag: 'production', version: 42, via: 'ci' });
    const second = await world.service.events({ after: first.next ?? 0, limit: 3 });
    expect(second).toMatchObject({ items: [{ type: 'approved', actor: 'bob' }], next: null });
  });

  test('lists can be limited to what waits for a person', async () => {
    const { request } = await world.ask();
    await world.approve(request.id, 'alice');
    const waitingFor = async (name: string) =>
      (await world.service.list({ limit: 10, waitingFor: name })).items.map(({ id }) => id);
    expect(await waitingFor('alice')).toEqual([]);
    expect(await waitingFor('bob')).toEqual([request.id]);
  });

  test('keys are those of the signer, the policy is the one in force', async () => {
    expect((await world.service.keys()).map(({ keyid }) => keyid)).toEqual(world.fixture.offlineKeyids);
    expect(world.service.policy().sha256).toBe(world.fixture.policy.sha256);
  });

  test('what is not there is REQUEST_NOT_FOUND', async () => {
    for (const read of [
      () => world.service.get('req_none'),
      () => world.service.statement('req_none', person('alice')),
      () => world.service.diff('req_none'),
      () => world.service.signed('req_none'),
      () => world.service.cancel('req_none', ci),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
    }
  });
});

test('a service whose policy is not the pinned one does not start', () => {
  const pins = { ...world.fixture.pins, policySha256: 'a'.repeat(64) };
  const { store, signer } = world;
  const options = { store, signer, factories: new Map(), policies: [world.fixture.policy], pins };
  expect(() => createSigningService({ ...options, logger: silentLogger })).toThrow(
    expect.objectContaining({ code: 'POLICY_NOT_PINNED' }),
  );
});

const silentLogger = {
  error: () => silentLogger,
  warn: () => silentLogger,
  info: () => silentLogger,
  debug: () => silentLogger,
  child: () => silentLogger,
} as never;

/** Lets promises go on until `condition` holds. */
async function settle(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !condition(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}
