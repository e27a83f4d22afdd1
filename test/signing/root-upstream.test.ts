import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import type { FactoryPort, RootIntention } from '../../src/signing/index.js';
import { FACTORY } from '../support/sandbox.js';
import { createRootWorld, type RootWorld } from './root-world.js';
import { ci, person } from './world.js';

/** What happens at the Factory while a root update is read, signed and delivered. */

let world: RootWorld;
beforeEach(async () => {
  world = await createRootWorld({ owned: true });
});
afterEach(() => world.end());

const ROTATE: RootIntention = { op: 'rotate-key', role: 'targets' };
const LOOK_MS = 31_000;

async function lookAgain(): Promise<void> {
  world.advance(LOOK_MS);
  await world.service.reconcile();
}

async function activeWave(name: string, version: number): Promise<string> {
  const wave = { factory: FACTORY, name, version, tag: 'production', reason: 'a release' };
  const { request } = await world.service.submitWave(wave, ci);
  await world.approve(request.id);
  await world.service.reconcile();
  expect(await world.view(request.id)).toMatchObject({ state: 'delivered' });
  return request.id;
}

/** The service's view of the Factory, with some calls done another way. */
async function withFactory(change: (port: FactoryPort) => Partial<FactoryPort>): Promise<void> {
  const port = world.sandbox.client('bob', { retry: { attempts: 1 } });
  const factories = new Map([[FACTORY, { ...port, ...change(port) }]]);
  Object.assign(world, await world.another({ factories }));
}

function broken(status: number | null): CountersignError {
  if (status === null)
    return new CountersignError('FACTORY_UNAVAILABLE', 'no whole answer', { details: { timedOut: true } });
  const code = status >= 500 ? 'FACTORY_UNAVAILABLE' : 'FACTORY_REFUSED';
  return new CountersignError(code, `refused ${status}`, { details: { status } });
}

describe('while officers read', () => {
  test('a transaction that is cancelled upstream makes the request superseded, and the same is asked for anew with the same key', async () => {
    const { id, root } = await world.ask([ROTATE]);
    await world.approve(id);
    await world.sandbox.client('alice').cancelRootUpdate();
    await world.service.reconcile();
    const old = await world.view(id);
    expect(old).toMatchObject({
      state: 'closed',
      closedBecause: 'superseded',
      lastError: { code: 'ROOT_UPDATE_LOST' },
    });
    const next = await world.view(old.root?.rebuiltAs ?? '');
    expect(next).toMatchObject({
      state: 'open',
      approvals: [],
      requester: old.requester,
      root: { rebuiltFrom: id, summary: root?.summary },
    });
    const keysOf = async (request: string) =>
      (JSON.parse(await world.service.statement(request)) as { keys: { keyid: string }[] }).keys.map(
        ({ keyid }) => keyid,
      );
    expect(await keysOf(next.id)).toEqual(await keysOf(id));
    await world.approve(next.id);
    await world.service.reconcile();
    expect(await world.view(next.id)).toMatchObject({ state: 'delivered' });
  });

  test('a Wave that comes into production makes another set of documents to sign again', async () => {
    const { id } = await world.ask([ROTATE]);
    await activeWave('w40', 40);
    await lookAgain();
    // active: keys cannot be taken from it, and nothing is lost yet
    expect(await world.view(id)).toMatchObject({ state: 'open', lastError: { code: 'ROOT_WAVE_ACTIVE' } });
    await world.sandbox.client('bob').completeWave('w40');
    await lookAgain();
    const { closedBecause, root } = await world.view(id);
    expect(closedBecause).toBe('superseded');
    expect(await world.view(root?.rebuiltAs ?? '')).toMatchObject({ state: 'open', root: { reSigned: 1 } });
  });

  test('a rebuild waits for whoever has the Factory, and ends with the time of the first request', async () => {
    const { id } = await world.ask([ROTATE]);
    await world.sandbox.client('alice').cancelRootUpdate();
    await world.sandbox.client('alice').beginRootUpdate({ message: 'By hand' });
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'closed', lastError: { code: 'ROOT_UPDATE_ACTIVE' } });
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'foreign' });
    world.advance(73 * 3600_000);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ root: { rebuiltAs: null } });
    expect((await world.store.requests.find(id))?.root).toMatchObject({ rebuildWanted: false });
  });

  test('a request that expires or is rejected gives the Factory back', async () => {
    const { id } = await world.ask([ROTATE]);
    const rejection = world.fixture.reject('alice', await world.service.statement(id), 'not now');
    await world.service.reject(id, { rejection: rejection.text, sshsig: rejection.sshsig }, person('alice'));
    await world.service.reconcile();
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'none' });
    const second = await world.ask([ROTATE]);
    world.advance(73 * 3600_000);
    await world.service.reconcile();
    expect(await world.view(second.id)).toMatchObject({ closedBecause: 'expired' });
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'none' });
  });
});

describe('while a key is away', () => {
  test('the request waits and says for what, Waves go on, and it goes on when the key is back', async () => {
    const { id } = await world.ask([{ op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid ?? '' }]);
    await world.approve(id);
    world.root.signBy(() => Promise.reject(new CountersignError('TOKEN_UNAVAILABLE', 'the token root is not there')));
    await world.service.reconcile();
    await lookAgain();
    const waiting = await world.store.requests.find(id);
    expect(waiting).toMatchObject({ state: 'open', attempts: 0 });
    expect(waiting?.lastError).toMatchObject({ code: 'TOKEN_UNAVAILABLE', message: 'the token root is not there' });
    await activeWave('w40', 40);
    world.root.signBy(null);
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
  });
});

describe('a root key whose token is lost', () => {
  test('is named with what to do, and done without once that is asked for; its own removal never waits for it', async () => {
    expect(await world.update({ op: 'add-key', role: 'root' })).toMatchObject({ state: 'delivered' });
    const lost = world.keys.root[0]?.keyid ?? '';
    /** Asked for while all root tokens are away; then the one that is left is attached. */
    const asked = async (intention: RootIntention, without: readonly string[] | null): Promise<string> => {
      await world.hold('root', 0);
      const submission = { factory: FACTORY, reason: 'a test', intentions: [intention] };
      const more = without === null ? {} : { without };
      const { request } = await world.service.submitRootUpdate({ ...submission, ...more }, person('carol'));
      await world.approve(request.id);
      await world.hold('root', 1, 1);
      await world.service.reconcile();
      return request.id;
    };
    const waiting = await asked(ROTATE, null);
    const { state, lastError, root } = await world.view(waiting);
    expect([state, lastError?.hint]).toEqual(['open', expect.stringContaining(`--without ${lost}`)]);
    expect(root?.missingSignatures.map(({ keyid }) => keyid)).toContain(lost);
    await world.service.cancel(waiting, person('carol'));
    await world.service.reconcile();
    const instead = await asked(ROTATE, [lost]);
    expect(await world.view(instead)).toMatchObject({ state: 'delivered' });
    const removal = await asked({ op: 'remove-key', role: 'root', keyid: lost }, null);
    expect(await world.view(removal)).toMatchObject({ state: 'delivered' });
  });
});

describe('while it is delivered', () => {
  test('an apply that fails with 5xx, before or after it did its work, is sent again and never taken back', async () => {
    let failures = 0;
    let cancelled = 0;
    await withFactory((port) => ({
      applyRootUpdate: async (txid) => {
        failures += 1;
        if (failures === 1) throw broken(503);
        await port.applyRootUpdate(txid);
        if (failures === 2) throw broken(502);
      },
      cancelRootUpdate: async () => {
        cancelled += 1;
        await port.cancelRootUpdate();
      },
    }));
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'signed', lastError: { code: 'FACTORY_UNAVAILABLE' } });
    await expect(world.service.cancel(id, person('alice'))).rejects.toMatchObject({ code: 'REQUEST_STATE' });
    await lookAgain();
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    expect([failures, cancelled]).toEqual([2, 0]);
  });

  test('answers that get lost are looked after: each of begin, put and apply', async () => {
    const lost = new Set(['begin', 'put', 'apply']);
    const lose = (name: string): void => {
      if (lost.delete(name)) throw broken(null);
    };
    await withFactory((port) => ({
      beginRootUpdate: async (update) => {
        const begun = await port.beginRootUpdate(update);
        lose('begin');
        return begun;
      },
      putRootUpdate: async (roots) => {
        await port.putRootUpdate(roots);
        lose('put');
      },
      applyRootUpdate: async (txid) => {
        await port.applyRootUpdate(txid);
        lose('apply');
      },
    }));
    await expect(world.ask([ROTATE])).rejects.toMatchObject({ code: 'FACTORY_UNAVAILABLE' });
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await world.service.reconcile();
    await lookAgain();
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    expect(lost.size).toBe(0);
  });

  test('an apply that is refused for sure can be given up, and the transaction is taken back', async () => {
    await withFactory(() => ({ applyRootUpdate: () => Promise.reject(broken(423)) }));
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'signed', lastError: { code: 'FACTORY_REFUSED' } });
    await world.service.cancel(id, person('alice'));
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'abandoned' });
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'none' });
    // what was signed and given up is named by the next one
    Object.assign(world, await world.another());
    const next = await world.update(ROTATE);
    expect(next).toMatchObject({ state: 'delivered' });
    expect(await world.service.statement(next.id)).toContain((await world.view(id)).statementSha256);
  });

  test('a Factory that stages other roots than it was sent is found out, and nothing is applied', async () => {
    let lying = false;
    let applied = false;
    await withFactory((port) => ({
      putRootUpdate: async (roots) => {
        await port.putRootUpdate(roots);
        lying = true;
      },
      rootUpdate: async () => {
        const status = await port.rootUpdate();
        if (!lying || status.updated === null) return status;
        return { ...status, updated: { ...status.updated, production: status.updated.ci } };
      },
      applyRootUpdate: async (txid) => {
        applied = true;
        await port.applyRootUpdate(txid);
      },
    }));
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({
      state: 'abandoned',
      lastError: { code: 'ROOT_ANSWER_THRESHOLD' },
      root: { rebuiltAs: null },
    });
    expect(applied).toBe(false);
  });

  test('what is signed and does not fit the Factory any more is given up and asked for anew', async () => {
    await withFactory(() => ({ putRootUpdate: () => Promise.reject(broken(503)) }));
    const { id } = await world.ask([ROTATE]);
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'signed' });
    Object.assign(world, await world.another());
    await world.sandbox.client('alice').cancelRootUpdate();
    await lookAgain();
    const { state, root } = await world.view(id);
    expect(state).toBe('abandoned');
    await world.approve(root?.rebuiltAs ?? '');
    await world.service.reconcile();
    expect(await world.view(root?.rebuiltAs ?? '')).toMatchObject({ state: 'delivered' });
  });
});
