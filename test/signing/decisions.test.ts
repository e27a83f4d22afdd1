import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import { encodeRejection, NAMESPACES } from '../../src/approval/index.js';
import { openSshHome } from '../support/ssh.js';
import { softKey } from '../support/ssh-forge.js';
import { unavailable } from './memory-factory.js';
import { ci, createWorld, person, type World } from './world.js';

let world: World;
let id: string;
beforeEach(async () => {
  world = await createWorld();
  id = (await world.ask()).request.id;
});
afterEach(() => world.end());

async function sshsigOf(name: string): Promise<string> {
  return world.fixture.approve(name, await world.service.statement(id));
}

describe('an approval', () => {
  test('counts, is shown and is an event', async () => {
    const view = await world.approve(id, 'alice');
    expect(view).toMatchObject({
      state: 'open',
      progress: 'waiting-for-approvals',
      quorum: { needed: 2, persons: ['alice'], missing: 1 },
      approvals: [{ person: 'alice' }],
    });
    expect(await world.approve(id, 'bob')).toMatchObject({ progress: 'signing', quorum: { missing: 0 } });
    const [, , event] = await world.store.events.list({ after: 0, limit: 10 });
    expect(event).toMatchObject({ type: 'approved', actor: 'alice', request: id });
  });

  test('made by stock ssh-keygen counts', async () => {
    const home = openSshHome();
    try {
      const key = home.generateKey();
      await world.end();
      world = await createWorld({
        changePolicy: (policy) => ({
          ...policy,
          officers: policy.officers.map((officer) =>
            officer.person === 'alice' ? { ...officer, keys: [...officer.keys, key.publicKey] } : officer,
          ),
        }),
      });
      id = (await world.ask()).request.id;
      const sshsig = home.sign(key, NAMESPACES.approve, await world.service.statement(id));
      expect(await world.service.approve(id, { sshsig }, person('alice'))).toMatchObject({
        quorum: { persons: ['alice'] },
      });
    } finally {
      home.close();
    }
  });

  test('twice changes nothing and answers the same, also after it was signed', async () => {
    const first = await world.approve(id, 'alice');
    const events = await world.events();
    expect(await world.approve(id, 'alice')).toEqual(first);
    expect(await world.events()).toEqual(events);
    await world.approve(id, 'bob');
    await world.service.reconcile();
    expect(await world.approve(id, 'alice')).toMatchObject({ state: 'delivered', approvals: [{}, {}] });
  });

  test("by the requester is refused, also under the name's other spelling", async () => {
    await world.service.cancel(id, ci);
    id = (await world.ask({ name: 'w42b' }, person('alice'))).request.id;
    await expect(world.approve(id, 'alice')).rejects.toMatchObject({ code: 'APPROVAL_NOT_COUNTED' });
    await world.service.cancel(id, person('alice'));
    id = (await world.ask({ name: 'w42c' }, { ...ci, name: 'Alice' })).request.id;
    await expect(world.approve(id, 'alice')).rejects.toMatchObject({ code: 'APPROVAL_NOT_COUNTED' });
  });

  test('is handed in by the person whose key signed, nobody else', async () => {
    const sshsig = await sshsigOf('alice');
    await expect(world.service.approve(id, { sshsig }, person('bob'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(world.service.approve(id, { sshsig }, { ...ci, scopes: ['decide'] })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(world.service.approve(id, { sshsig }, { ...person('alice'), scopes: ['read'] })).rejects.toMatchObject(
      { code: 'FORBIDDEN' },
    );
  });

  test('by a key of no officer is refused', async () => {
    const sshsig = softKey('ssh-ed25519').sign(NAMESPACES.approve, await world.service.statement(id));
    await expect(world.service.approve(id, { sshsig }, person('alice'))).rejects.toMatchObject({
      code: 'OFFICER_UNKNOWN',
    });
  });

  test('of another request, in another namespace, or no signature at all is refused', async () => {
    const statement = await world.service.statement(id);
    const other = world.fixture.approve('alice', `${statement} `);
    const namespace = world.fixture.sshsig('alice', NAMESPACES.reject, statement);
    for (const [sshsig, code] of [
      [other, 'SSHSIG_MISMATCH'],
      [namespace, 'SSHSIG_NAMESPACE'],
      ['nonsense', 'SSHSIG_INVALID'],
    ] as const) {
      await expect(world.service.approve(id, { sshsig }, person('alice'))).rejects.toMatchObject({ code });
    }
    expect((await world.service.get(id)).approvals).toEqual([]);
  });

  test('comes too late for a closed request and for an expired statement', async () => {
    const sshsig = await sshsigOf('alice');
    world.clock.advance(72 * 3600 * 1000);
    await expect(world.service.approve(id, { sshsig }, person('alice'))).rejects.toMatchObject({
      code: 'STATEMENT_EXPIRED',
    });
    await world.service.cancel(id, ci);
    await expect(world.service.approve(id, { sshsig }, person('alice'))).rejects.toMatchObject({
      code: 'REQUEST_STATE',
      details: { state: 'closed', closedBecause: 'cancelled' },
    });
  });

  test('of no request is refused', async () => {
    await expect(world.service.approve('req_none', { sshsig: '' }, person('alice'))).rejects.toMatchObject({
      code: 'REQUEST_NOT_FOUND',
    });
  });
});

describe('a rejection', () => {
  test('closes the request and is a veto at the signer at once', async () => {
    await world.approve(id, 'alice');
    await world.approve(id, 'bob');
    const view = await world.reject(id, 'carol', 'the release is broken');
    expect(view).toMatchObject({
      state: 'closed',
      closedBecause: 'rejected',
      progress: 'done',
      rejections: [{ person: 'carol', reason: 'the release is broken', vetoed: true }],
    });
    expect(world.signer.vetoes.get(view.statementSha256)).toBe('carol');
    await world.service.reconcile();
    expect(world.signer.issued.size).toBe(0);
    expect((await world.events(id)).slice(2)).toEqual(['approved', 'approved', 'rejected', 'closed', 'vetoed']);
  });

  test('twice answers the same; of somebody else it comes too late', async () => {
    const first = await world.reject(id, 'alice');
    const calls = world.signer.calls.length;
    expect(await world.reject(id, 'alice')).toEqual(first);
    expect(world.signer.calls).toHaveLength(calls);
    await expect(world.reject(id, 'bob')).rejects.toMatchObject({ code: 'REQUEST_STATE' });
  });

  test('that the signer cannot take yet closes the request all the same, and is sent again', async () => {
    world.signer.fail('veto', new CountersignError('SIGNER_UNAVAILABLE', 'no socket'));
    expect(await world.reject(id, 'alice')).toMatchObject({ state: 'closed', rejections: [{ vetoed: false }] });
    expect(world.signer.vetoes.size).toBe(0);
    await world.service.reconcile();
    expect(world.signer.vetoes.size).toBe(1);
    expect(await world.service.get(id)).toMatchObject({ rejections: [{ vetoed: true }] });
    await world.service.reconcile();
    expect(world.signer.calls.filter((call) => call === 'veto')).toHaveLength(2);
  });

  test('that the signer refuses for good is not sent again', async () => {
    world.signer.fail('veto', new CountersignError('STATEMENT_OTHER_SERVICE', 'another service'));
    await world.reject(id, 'alice');
    await world.service.reconcile();
    expect(world.signer.calls.filter((call) => call === 'veto')).toHaveLength(1);
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', rejections: [{ vetoed: false }] });
  });

  test('of another statement, by another person or by no officer is refused', async () => {
    const statement = await world.service.statement(id);
    const { text, sshsig } = world.fixture.reject('alice', `${statement} `, 'no');
    await expect(world.service.reject(id, { rejection: text, sshsig }, person('alice'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      pointer: '/rejection',
    });
    const own = world.fixture.reject('alice', statement, 'no');
    await expect(
      world.service.reject(id, { rejection: own.text, sshsig: own.sshsig }, person('bob')),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const stranger = softKey('ssh-ed25519').sign(NAMESPACES.reject, own.text);
    await expect(
      world.service.reject(id, { rejection: own.text, sshsig: stranger }, person('alice')),
    ).rejects.toMatchObject({ code: 'OFFICER_UNKNOWN' });
    const view = await world.service.get(id);
    const changed = encodeRejection({ statementSha256: view.statementSha256, reason: 'yes' }).toString();
    await expect(
      world.service.reject(id, { rejection: changed, sshsig: own.sshsig }, person('alice')),
    ).rejects.toMatchObject({ code: 'SSHSIG_MISMATCH' });
    expect(view).toMatchObject({ state: 'open', rejections: [] });
  });

  test('comes too late once it is signed', async () => {
    await world.approve(id, 'alice');
    await world.approve(id, 'bob');
    await world.service.reconcile();
    await expect(world.reject(id, 'carol')).rejects.toMatchObject({ code: 'REQUEST_STATE' });
  });
});

describe('a cancellation', () => {
  test('before signing is for who asked and for officers, and answers the same twice', async () => {
    const other = { ...ci, name: 'ci-other' };
    await expect(world.service.cancel(id, other)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(world.service.cancel(id, person('mallory'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const view = await world.service.cancel(id, ci, 'not needed any more');
    expect(view).toMatchObject({ state: 'closed', closedBecause: 'cancelled' });
    expect(await world.service.cancel(id, ci)).toEqual(view);
    expect(await world.service.cancel(id, person('bob'))).toEqual(view);
    const events = await world.store.events.list({ after: 0, limit: 10 });
    expect(events.at(-1)).toMatchObject({ type: 'cancelled', actor: 'ci-main' });
    expect(events.at(-1)?.details).toContain('not needed any more');
  });

  test('frees the tag', async () => {
    await world.service.cancel(id, person('carol'));
    expect((await world.ask({ name: 'w43', version: 43 })).created).toBe(true);
  });

  test('after signing gives the request up, and only an officer may', async () => {
    await world.approve(id, 'alice');
    await world.approve(id, 'bob');
    world.factory.fail('createWave', { when: 'before', error: unavailable() });
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'signed', progress: 'delivering' });
    await expect(world.service.cancel(id, ci)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const view = await world.service.cancel(id, person('carol'));
    expect(view).toMatchObject({ state: 'abandoned', progress: 'done' });
    expect(await world.service.cancel(id, person('carol'))).toEqual(view);
    world.clock.advance(3600_000);
    await world.service.reconcile();
    expect(world.factory.waveList).toEqual([]);
  });

  test('is refused when the Factory has the Wave already, or cannot say', async () => {
    await world.approve(id, 'alice');
    await world.approve(id, 'bob');
    world.factory.fail('createWave', { when: 'after', error: unavailable() });
    world.factory.fail('waveTargets', { when: 'before', error: unavailable() });
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'signed' });
    await expect(world.service.cancel(id, person('carol'))).rejects.toMatchObject({ code: 'REQUEST_STATE' });
    world.factory.fail('wave', { when: 'before', error: unavailable() });
    await expect(world.service.cancel(id, person('carol'))).rejects.toMatchObject({ code: 'FACTORY_UNAVAILABLE' });
    expect(await world.service.get(id)).toMatchObject({ state: 'signed' });
  });

  test('of a delivered request is refused', async () => {
    await world.approve(id, 'alice');
    await world.approve(id, 'bob');
    await world.service.reconcile();
    await expect(world.service.cancel(id, person('carol'))).rejects.toMatchObject({ code: 'REQUEST_STATE' });
  });
});

test("an officer's reading of statement and dossier is an event, once each", async () => {
  for (let time = 0; time < 2; time += 1) {
    await world.service.statement(id, person('alice'));
    for await (const line of world.service.dossier(id, person('alice'))) expect(line).toMatch(/\n$/);
    await world.service.statement(id, ci);
  }
  expect((await world.events(id)).filter((type) => type === 'read')).toHaveLength(2);
});
