import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseStatement } from '../../src/dossier/index.js';
import type { FaultInput } from '../../src/sandbox/index.js';
import type { FactoryPort, RootIntention } from '../../src/signing/index.js';
import { parseRoot } from '../../src/tuf/index.js';
import { deathAt } from '../signing/death-at.js';
import { createRootWorld, type RootWorld } from '../signing/root-world.js';
import { ci, person } from '../signing/world.js';
import { rejectionOf } from '../support/reject-code.js';
import { FACTORY } from '../support/sandbox.js';
import { clearFaults, setFaults } from '../support/sandbox-faults.js';

/** The Factory's server, an older database or an older journal is the attacker's, and what is at stake is a root. */

let world: RootWorld;
beforeEach(async () => {
  world = await createRootWorld({ owned: true, faults: true });
});
afterEach(() => world.end());

const ROTATE: RootIntention = { op: 'rotate-key', role: 'targets' };
const LIES = [
  ['another online key', 'online-key', 'ROOT_ANSWER_ONLINE_KEY'],
  ['a lower threshold', 'lower-threshold', 'ROOT_ANSWER_THRESHOLD'],
  ['a key of its own', 'foreign-key', 'ROOT_ANSWER_KEY'],
  ['a longer expiry', 'longer-expiry', 'ROOT_ANSWER_EXPIRES'],
  ['no changelog', 'drop-changelog', 'ROOT_ANSWER_CHANGELOG'],
] as const;

type Lie = Extract<FaultInput, { kind: 'hostile' }>['lie'];

function lie(about: Lie, path: string, more: { about?: 'staged' | 'published'; count?: number } = {}): Promise<void> {
  return setFaults(world.sandbox, { kind: 'hostile', method: 'GET', path, lie: about, ...more });
}

/** The service's calls of the Factory, with something done after one of them. */
async function after(call: keyof FactoryPort, work: () => Promise<void>): Promise<string[]> {
  const port = world.sandbox.client('bob', { retry: { attempts: 1 } });
  const calls: string[] = [];
  const listening = new Proxy(port, {
    get: (target, name: keyof FactoryPort) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]): Promise<unknown> => {
        calls.push(name);
        const answer: unknown = await Reflect.apply(method, target, given);
        if (name === call) await work();
        return answer;
      };
    },
  });
  Object.assign(world, await world.another({ factories: new Map([[FACTORY, listening]]) }));
  return calls;
}

async function deliverWave(version: number): Promise<void> {
  const wave = { factory: FACTORY, name: `w${version}`, version, tag: 'production', reason: 'a release' };
  const { request } = await world.service.submitWave(wave, ci);
  await world.approve(request.id);
  await world.service.reconcile();
  expect(await world.view(request.id)).toMatchObject({ state: 'delivered' });
  await world.sandbox.client('bob').completeWave(wave.name);
}

async function askedAndApproved(): Promise<string> {
  const { id } = await world.ask([ROTATE]);
  await world.approve(id);
  return id;
}

const signed = (): number => world.root.signed.length + world.targets.signed.length;

async function newestRoot(): Promise<number | undefined> {
  const roots = await world.sandbox.client('alice').rootChain('production', 1);
  return roots.map((root) => parseRoot(root).signed.version).at(-1);
}

async function lookAgain(): Promise<void> {
  world.advance(61_000);
  await world.service.reconcile();
}

describe('a Factory server that begins an update with', () => {
  test.each(LIES)('%s is told so, nobody is asked, and the update is taken back', async (_, about, code) => {
    await after('beginRootUpdate', () => lie(about, '/root/updates'));
    // one without a changelog is not read any further
    const [told] = (await rejectionOf(world.ask([ROTATE]))).split(' ');
    expect(told).toBe(about === 'drop-changelog' ? 'ROOT_CHANGELOG_MISSING' : code);
    expect((await world.service.list({ limit: 10 })).items).toEqual([]);
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE' });
    expect(signed()).toBe(0);
  });
});

describe('a Factory server that makes of signed roots some with', () => {
  test.each(LIES)('%s is found out, reported, and not asked to apply them', async (_, about, code) => {
    const calls = await after('putRootUpdate', () => lie(about, '/root/updates'));
    const id = await askedAndApproved();
    await world.service.reconcile();
    const { state, lastError, root } = await world.view(id);
    expect({ state, lastError, root }).toMatchObject({
      state: 'abandoned',
      lastError: { code },
      root: { rebuiltAs: null },
    });
    expect(calls).toContain('putRootUpdate');
    expect(calls).not.toContain('applyRootUpdate');
    expect(await newestRoot()).toBe(3);
  });
});

describe('a Factory server that', () => {
  test('makes more than the online keys that it was asked for is found out', async () => {
    for (const about of ['foreign-key', 'lower-threshold', 'longer-expiry'] as const) {
      await after('generateOnlineKeys', () => lie(about, '/root/updates'));
      const rotate: RootIntention = { op: 'rotate-online-key', roles: ['timestamp'], keytype: 'ED25519' };
      expect(await rejectionOf(world.ask([rotate]))).toMatch(/^ROOT_/);
      expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE' });
    }
    expect(signed()).toBe(0);
  });

  test('publishes another root than the root keys signed gets nothing asked for', async () => {
    for (const about of ['lower-threshold', 'drop-changelog'] as const) {
      await lie(about, '*root.json*', { about: 'published', count: 100 });
      expect(await rejectionOf(world.ask([ROTATE]))).toMatch(/^THRESHOLD_NOT_MET/);
      await clearFaults(world.sandbox);
    }
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE' });
  });

  test('publishes another root than it applied ends nothing by that', async () => {
    await after('applyRootUpdate', () => lie('longer-expiry', '*root.json*', { about: 'published', count: 100 }));
    const id = await askedAndApproved();
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'signed', lastError: { code: 'THRESHOLD_NOT_MET' } });
    await clearFaults(world.sandbox);
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
  });

  test('forges production targets gets no root update asked for, and none signed that was', async () => {
    await deliverWave(40);
    await lie('forged-targets', '/prod-targets*', { count: 100 });
    expect(await rejectionOf(world.ask([ROTATE]))).toMatch(/^(THRESHOLD_NOT_MET|RE_SIGN_NOT_SIGNED)/);
    await clearFaults(world.sandbox);
    const before = signed();
    const id = await askedAndApproved();
    await lie('forged-targets', '/prod-targets*', { count: 100 });
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'closed', closedBecause: 'superseded' });
    expect(signed()).toBe(before);
  });

  test('forges production targets under signed roots is not asked to apply them', async () => {
    await deliverWave(40);
    const calls = await after('putRootUpdate', () => lie('forged-targets', '/prod-targets*', { count: 100 }));
    const id = await askedAndApproved();
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'abandoned', lastError: { code: 'STALE_BASE' } });
    expect(calls).not.toContain('applyRootUpdate');
  });

  test('forges production targets as it applies the roots is not believed that all is well', async () => {
    await deliverWave(40);
    await after('applyRootUpdate', () => lie('forged-targets', '/prod-targets*', { count: 100 }));
    const id = await askedAndApproved();
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'signed', lastError: { code: 'THRESHOLD_NOT_MET' } });
    await clearFaults(world.sandbox);
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
  });
});

describe('an older database', () => {
  test('put back before the roots were put gets the signatures that were made', async () => {
    const id = await askedAndApproved();
    world.copy('database');
    const { died, onStep } = deathAt('root:before-put');
    Object.assign(world, await world.another({ onStep }));
    void world.service.reconcile();
    await died;
    const made = signed();
    await world.restore('database');
    expect(await world.view(id)).toMatchObject({ state: 'open' });
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    expect(signed()).toBe(made);
  });

  test('put back after the roots came into force finds them there, and does not ask for the same anew', async () => {
    const id = await askedAndApproved();
    world.copy('database');
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    const made = signed();
    await world.restore('database');
    expect(await world.view(id)).toMatchObject({ state: 'open' });
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    expect(signed()).toBe(made);
  });

  test('put back to before the approvals closes what is in force, and does not ask for the same anew', async () => {
    const { id } = await world.ask([ROTATE]);
    world.copy('database');
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    await world.restore('database');
    await lookAgain();
    await lookAgain();
    expect(await world.view(id)).toMatchObject({
      ...{ state: 'closed', closedBecause: 'superseded', root: { rebuiltAs: null } },
      lastError: { code: 'STALE_BASE', message: expect.stringContaining('in force already') as unknown },
    });
    expect((await world.service.list({ limit: 10 })).items).toHaveLength(1);
    expect(await newestRoot()).toBe(4);
  });

  test('that does not know of signed roots gets others of their version once officers were shown that there are some', async () => {
    world.copy('database');
    await after('putRootUpdate', () => Promise.reject(new Error('no way')));
    const lost = await askedAndApproved();
    await world.service.reconcile();
    expect(await world.view(lost)).toMatchObject({ state: 'signed' });
    const { statementSha256: statement, documents } = await world.view(lost);
    const made = signed();
    await world.restore('database');
    const hint = expect.stringContaining(`no request ${lost}`) as unknown;
    await expect(world.ask([ROTATE])).rejects.toMatchObject({ code: 'ROOT_UPDATE_ACTIVE', hint });
    await world.sandbox.client('bob').cancelRootUpdate();

    const { id } = await world.ask([ROTATE]);
    const forgotten = documents.map(({ sha256 }) => sha256).sort();
    expect(parseStatement(await world.service.statement(id)).supersedes).toEqual({
      ...{ statement, documents: forgotten, unknown: forgotten },
    });
    await world.service.reconcile();
    expect(signed()).toBe(made);
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
  });

  test('that does not know of a rejection cannot undo it', async () => {
    const id = await askedAndApproved();
    world.copy('database');
    const { text, sshsig } = world.fixture.reject('alice', await world.service.statement(id), 'no');
    await world.service.reject(id, { rejection: text, sshsig }, person('alice'));
    await world.restore('database');
    await lookAgain();
    expect(await world.view(id)).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
    expect(signed()).toBe(0);
  });
});

describe('an older journal', () => {
  const dossierOf = (id: string) => world.service.dossier(id);

  test('signs nothing for a service that has a newer receipt, and says how it is mended', async () => {
    world.copy('journal');
    expect(await world.update(ROTATE)).toMatchObject({ state: 'delivered' });
    const made = signed();
    await world.restore('journal');
    const { id } = await world.ask([{ op: 'resign' }]);
    await world.approve(id);
    await world.service.reconcile();
    const lastError = { code: 'JOURNAL_INCOMPLETE', hint: expect.stringContaining('signer recover') as unknown };
    expect(await world.view(id)).toMatchObject({ state: 'open', lastError });
    expect(await world.service.readiness()).toMatchObject({ ready: false });
    expect(signed()).toBe(made);
  });

  test('freezes root by published roots that it did not sign, for a service that shows no receipt; and for good', async () => {
    world.copy('journal');
    expect(await world.update(ROTATE)).toMatchObject({ state: 'delivered' });
    const made = signed();
    await world.restore('journal');
    const { id } = await world.ask([{ op: 'resign' }]);
    await world.approve(id);
    expect(await rejectionOf(world.signer.sign(dossierOf(id)))).toMatch(/^ROLE_FROZEN/);
    await world.withSignerStopped(() => undefined);
    expect(await rejectionOf(world.signer.sign(dossierOf(id)))).toMatch(/^ROLE_FROZEN/);
    expect(signed()).toBe(made);
  });

  test('freezes root by published roots alone', async () => {
    world.copy('journal');
    await world.update(ROTATE);
    await world.restore('journal');
    const chain = async (repository: 'ci' | 'production') =>
      (await world.sandbox.client('bob').rootChain(repository, 1)).map((root) => root.toString('utf8'));
    const roots = { ci: await chain('ci'), production: await chain('production') };
    expect(await rejectionOf(world.signer.publishedRoots({ factory: FACTORY, roots }))).toMatch(/^ROLE_FROZEN/);
  });

  test('freezes targets by documents that were signed again, and signs no Wave after them', async () => {
    await deliverWave(40);
    world.copy('journal');
    expect(await world.update(ROTATE)).toMatchObject({ state: 'delivered' });
    const made = signed();
    await world.restore('journal');
    const wave = { factory: FACTORY, name: 'w42', version: 42, tag: 'production', reason: 'a release' };
    const { request } = await world.service.submitWave(wave, ci);
    await world.approve(request.id);
    expect(await rejectionOf(world.signer.sign(dossierOf(request.id)))).toMatch(/^ROLE_FROZEN/);
    expect(signed()).toBe(made);
  });

  test('of a time before roots were signed that never came into force does not sign others for the service', async () => {
    world.copy('journal');
    await after('putRootUpdate', () => Promise.reject(new Error('no way')));
    const first = await askedAndApproved();
    await world.service.reconcile();
    Object.assign(world, await world.another());
    await world.service.cancel(first, person('alice'));
    await world.service.reconcile();
    const made = signed();
    await world.restore('journal');
    const second = await askedAndApproved();
    await world.service.reconcile();
    expect(await world.view(second)).toMatchObject({ state: 'open', lastError: { code: 'JOURNAL_INCOMPLETE' } });
    expect(signed()).toBe(made);
  });
});
