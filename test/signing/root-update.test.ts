import { afterEach, describe, expect, test } from '@jest/globals';
import { verifyDossier } from '../../src/dossier/index.js';
import { parseRoot, parseTargets } from '../../src/tuf/index.js';
import type { SignerPort } from '../../src/signing/ports.js';
import { askDevice } from '../support/device.js';
import { requestKeySet } from '../support/request-key-set.js';
import { FACTORY } from '../support/sandbox.js';
import { createRootWorld, type RootWorld } from './root-world.js';
import { ci, person } from './world.js';

let world: RootWorld;
afterEach(() => world.end());

async function deliverWave(name: string, version: number): Promise<void> {
  const wave = { factory: FACTORY, name, version, tag: 'production', reason: 'a release' };
  const { request } = await world.service.submitWave(wave, ci);
  await world.approve(request.id);
  await world.service.reconcile();
  expect(await world.view(request.id)).toMatchObject({ state: 'delivered' });
  await world.sandbox.client('bob').completeWave(name);
}

function askBoard() {
  const source = { url: world.sandbox.url, factory: FACTORY, token: world.sandbox.token('dave') };
  return askDevice(
    source,
    { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null },
    world.sandbox.clock.now(),
  );
}

async function newestRoot() {
  const roots = await world.sandbox.client('bob').rootChain('production', 1);
  return parseRoot(roots.at(-1) ?? Buffer.alloc(0)).signed;
}

test('from a Factory as new: ownership of root and of targets, a Wave, both keys rotated, and the next Wave', async () => {
  world = await createRootWorld();
  await world.own();
  await deliverWave('w40', 40);
  await world.hold('targets', 2);
  expect(await world.update({ op: 'rotate-key', role: 'targets' })).toMatchObject({
    state: 'delivered',
    root: { version: 5, reSigned: 1 },
  });
  expect(await askBoard()).toMatchObject({ accepted: true, rootVersion: 5 });
  const [, second] = world.keys.targets;
  const published = await world.sandbox.client('bob').productionTargets('production');
  const signed = parseTargets(published ?? Buffer.alloc(0)).signatures.map(({ keyid }) => keyid);
  expect(signed).toContain(second?.keyid);

  await world.hold('root', 2);
  expect(await world.update({ op: 'rotate-key', role: 'root' })).toMatchObject({ state: 'delivered' });
  expect((await newestRoot()).roles['root']?.keyids).toEqual([world.keys.root[1]?.keyid]);
  await deliverWave('w42', 42);
  expect(await askBoard()).toMatchObject({ accepted: true, rootVersion: 6 });
  const { ci: ciRoots, production } = await world.service.roots(FACTORY);
  expect([ciRoots, production].map((chain) => chain.map(({ version }) => version))).toEqual([
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4, 5, 6],
  ]);
  await world.service.verifyEvents();
});

describe('a root update', () => {
  test('waits for the signature from outside, and takes none but that of a key that it retires', async () => {
    world = await createRootWorld();
    await world.hold('root', 1);
    const { txid, firstRoot } = await world.sandbox
      .client('alice')
      .beginRootUpdate({ message: 'Ours', firstTime: true });
    if (firstRoot === null) throw new Error('no first root key');
    const { id, root } = await world.ask([{ op: 'take-ownership', role: 'root' }], { txid });
    expect(root?.missingSigners).toMatchObject([
      { document: 0, missing: 1 },
      { document: 1, missing: 1 },
    ]);
    await world.approve(id);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'open', lastError: { code: 'THRESHOLD_NOT_MET' } });
    const other = world.keys.root[2]?.sign(Buffer.from('x')) ?? { keyid: '', method: '', sig: '' };
    await expect(world.service.addExternals(id, [{ document: 0, ...other }], person('carol'))).rejects.toMatchObject({
      code: 'SIGN_KEY_NOT_IN_ROLE',
    });
    const keyid = root?.missingSigners[0]?.keyids[0] ?? '';
    await expect(
      world.service.addExternals(id, [{ document: 0, ...other, keyid }], person('carol')),
    ).rejects.toMatchObject({ code: 'EXTERNAL_SIGNATURE_INVALID' });
    await world.contribute(id, firstRoot);
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered', root: { missingSigners: [] } });
  });

  test('adds and removes keys, sets thresholds and moves the expiry', async () => {
    world = await createRootWorld({ owned: true });
    const before = await newestRoot();
    expect(await world.update({ op: 'add-key', role: 'root' })).toMatchObject({ state: 'delivered' });
    const [foreign = ''] = before.roles['root']?.keyids ?? [];
    const removed = before.roles['root']?.keyids.find((keyid) => keyid !== world.keys.root[0]?.keyid) ?? foreign;
    expect(
      await world.update(
        { op: 'remove-key', role: 'root', keyid: removed },
        { op: 'set-threshold', role: 'root', threshold: 2 },
      ),
    ).toMatchObject({ state: 'delivered' });
    const after = await newestRoot();
    expect(after.roles['root']).toEqual({
      keyids: [world.keys.root[0]?.keyid, world.keys.root[1]?.keyid],
      threshold: 2,
    });
    expect(await world.update({ op: 'resign', expires: '2027-06-01T00:00:00Z' })).toMatchObject({ state: 'delivered' });
    expect((await newestRoot()).expires).toBe('2027-06-01T00:00:00Z');
  });

  test('replaces online keys by those that the Factory makes', async () => {
    world = await createRootWorld({ owned: true });
    const before = await newestRoot();
    expect(
      await world.update({ op: 'rotate-online-key', roles: ['targets', 'timestamp'], keytype: 'ED25519' }),
    ).toMatchObject({ state: 'delivered' });
    const after = await newestRoot();
    expect(after.roles['targets']?.keyids[0]).not.toBe(before.roles['targets']?.keyids[0]);
    expect(after.roles['snapshot']).toEqual(before.roles['snapshot']);
  });

  test('is worked out without a trace when only tried', async () => {
    world = await createRootWorld({ owned: true });
    const tried = {
      factory: FACTORY,
      reason: 'a try',
      intentions: [{ op: 'rotate-key' as const, role: 'targets' as const }],
      dryRun: true,
    };
    const { preview, created } = await world.service.submitRootUpdate(tried, person('carol'));
    expect([created, preview?.text.includes('targets')]).toEqual([false, true]);
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'NONE', transaction: 'none' });
    expect((await world.service.list({ limit: 10 })).items).toEqual([]);
  });

  test('is refused while one of somebody else is under way, with who began it and what for', async () => {
    world = await createRootWorld({ owned: true });
    await world.sandbox.client('alice').beginRootUpdate({ message: 'By hand' });
    await expect(world.ask([{ op: 'rotate-key', role: 'targets' }])).rejects.toMatchObject({
      code: 'ROOT_UPDATE_ACTIVE',
      message: expect.stringContaining('By hand') as unknown,
    });
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'foreign' });
    await world.sandbox.client('alice').cancelRootUpdate();
    expect(await world.update({ op: 'rotate-key', role: 'targets' })).toMatchObject({ state: 'delivered' });
  });

  test('asked for again is the same request, and another one has to wait', async () => {
    world = await createRootWorld({ owned: true });
    const { id } = await world.ask([{ op: 'rotate-key', role: 'targets' }]);
    expect((await world.ask([{ op: 'rotate-key', role: 'targets' }])).id).toBe(id);
    await expect(
      world.ask([{ op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid ?? '' }]),
    ).rejects.toMatchObject({
      code: 'REQUEST_OPEN_EXISTS',
    });
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'ours', request: id });
  });

  test('that is taken back takes its transaction back, and gives its standby key back', async () => {
    world = await createRootWorld({ owned: true });
    const { id } = await world.ask([{ op: 'rotate-key', role: 'targets' }]);
    await world.service.cancel(id, person('carol'));
    await world.service.reconcile();
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ transaction: 'none' });
    expect(await world.update({ op: 'rotate-key', role: 'targets' })).toMatchObject({ state: 'delivered' });
    const keyids = (await newestRoot()).roles['targets']?.keyids;
    expect(keyids).toContain(world.keys.targets[1]?.keyid);
  });

  test('tells nobody the secret of its transaction', async () => {
    world = await createRootWorld({ owned: true });
    const { id } = await world.ask([{ op: 'rotate-key', role: 'targets' }]);
    const { txid } = (await world.store.rootUpdates.transaction(id)) ?? { txid: '' };
    expect(txid).not.toBe('');
    await world.approve(id);
    await world.service.reconcile();
    const lines: string[] = [];
    for await (const line of world.service.evidence(id)) lines.push(line);
    const told = JSON.stringify([
      lines,
      await world.view(id),
      await world.service.statement(id),
      await world.store.events.list({ after: 0, limit: 1000 }),
      world.logger.lines,
    ]);
    expect(told).not.toContain(txid);
    expect((await world.store.rootUpdates.transaction(id))?.txid).toBe('');
  });
});

test('approvals that come while the signer is shown the dossier are acted on at once', async () => {
  world = await createRootWorld({ owned: true });
  let approved = false;
  const verify: SignerPort['verify'] = async (lines) => {
    const { statement } = await verifyDossier(lines, world.fixture.pins, world.sandbox.clock.now());
    if (!approved) await world.approve(statement.id);
    approved = true;
    return { statement: statement.id };
  };
  Object.assign(world, await world.another({ signer: { ...world.signer, verify } }));
  world.service.start();
  const { id } = await world.ask([{ op: 'rotate-key', role: 'targets' }]);
  // the clock stands still: whatever is put off never comes
  const until = new Date(world.sandbox.clock.now().getTime() + 1);
  const { state } = await world.service.waitFor(id, until, AbortSignal.timeout(60_000));
  await world.service.stop();
  expect(state).toBe('delivered');
});

test('the signer is shown all request keys before it signs a root: its journal may be one that was rebuilt', async () => {
  world = await createRootWorld({ owned: true });
  const { registration } = requestKeySet('carol', FACTORY);
  await world.service.registerRequestKeys(registration, world.sandbox.token('alice'), person('carol'));
  const shown: unknown[] = [];
  const signer: SignerPort = {
    ...world.signer,
    registerRequestKeys: (registered) => {
      shown.push(registered);
      return world.signer.registerRequestKeys(registered);
    },
  };
  Object.assign(world, await world.another({ signer }));
  world.advance(86_400_000);
  expect(await world.update({ op: 'resign' })).toMatchObject({ state: 'delivered' });
  expect(shown).toEqual([{ factory: FACTORY, keys: registration.keys.map(({ key }) => key) }]);
});
