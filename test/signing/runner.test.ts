import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CountersignError, type ErrorCode } from '../../src/errors.js';
import { NAMESPACES } from '../../src/approval/index.js';
import { requireKind, verifyDossier } from '../../src/dossier/index.js';
import { signedPolicy } from '../../src/policy/index.js';
import { parseTargets, verifyTargets } from '../../src/tuf/index.js';
import { signRoot, signTargets } from '../support/factory-fixture.js';
import { refused, unavailable } from './memory-factory.js';
import { createWorld, person, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

const fault = (code: ErrorCode) => new CountersignError(code, 'made to fail');

async function stateOf(id: string): Promise<string> {
  const { state, closedBecause, lastError } = await world.service.get(id);
  return [state, closedBecause, lastError?.code].filter((part) => part !== undefined).join(' ');
}

/** As often as it is due, until `count` attempts more were made. */
async function laterOn(count = 1): Promise<void> {
  for (let time = 0; time < count; time += 1) {
    world.clock.advance(60_000);
    await world.service.reconcile();
  }
}

describe('a store that fails', () => {
  test('in two ways at once ends the pass and nothing else', async () => {
    const { requests, requestKeys } = world.store;
    const fail = () => Promise.reject(fault('STORE_FAILED'));
    const store = {
      ...world.store,
      requests: { ...requests, listDue: fail },
      requestKeys: { ...requestKeys, list: fail },
    };
    const { service } = await world.another({ store });
    await expect(service.reconcile()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await pause(0); // a failure that nobody looks at would end the process now
  });
});

describe('while people decide', () => {
  test('the signer is shown the dossier once for each number of approvals', async () => {
    const shown: number[] = [];
    world.signer.verify = async (lines) => {
      shown.push((await verifyDossier(lines, world.fixture.pins, world.clock.now())).approvals.length);
    };
    const { request } = await world.ask();
    await world.service.reconcile();
    await world.service.reconcile();
    await world.approve(request.id, 'alice');
    await world.service.reconcile();
    await world.service.reconcile();
    await world.approve(request.id, 'bob');
    await world.service.reconcile();
    expect(shown).toEqual([0, 1]);
    expect(await stateOf(request.id)).toBe('delivered');
  });

  test('a signer that cannot be shown anything is no failure of the request', async () => {
    world.signer.verify = () => Promise.reject(fault('SIGNER_UNAVAILABLE'));
    const { request } = await world.ask();
    await world.service.reconcile();
    expect(await stateOf(request.id)).toBe('open');
    expect(world.signer.calls).not.toContain('sign');
  });
});

describe('when the quorum is there', () => {
  test('who waits for the signed metadata has it before the Factory does', async () => {
    world.factory.fail('createWave', { when: 'before', error: unavailable() });
    const id = await world.approved();
    const signed = world.service.waitForSigned(id, new Date(world.clock.now().getTime() + 60_000));
    await world.service.reconcile();
    expect(parseTargets((await signed) ?? Buffer.alloc(0)).signatures).toHaveLength(1);
    expect(await stateOf(id)).toBe('signed FACTORY_UNAVAILABLE');
  });

  test('a Wave is signed, delivered, verified as a device would, and the signer told', async () => {
    const id = await world.approved();
    expect(await world.service.signed(id)).toBeNull();
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({
      state: 'delivered',
      progress: 'done',
      signatures: [{ keyid: world.fixture.keys.offline?.keyid, method: 'ed25519', signedAt: '2026-11-22T16:00:00Z' }],
    });
    const published = parseTargets((await world.service.signed(id)) ?? Buffer.alloc(0));
    const root = world.factory.roots.production.at(-1);
    expect(root && verifyTargets(root, published).signed).toHaveLength(2);
    expect(world.signer.published$.get('production')).toEqual({ version: 42, sha256: published.sha256 });
    expect((await world.events(id)).slice(-3)).toEqual(['signed', 'delivered', 'published']);
    await expect(world.service.verifyEvents()).resolves.toMatchObject({ count: 7 });
  });

  test('its dossier then holds signatures and published metadata, and verifies for years', async () => {
    const id = await world.approved();
    await world.service.reconcile();
    const years = new Date('2036-01-01T00:00:00Z');
    const verified = requireKind(await verifyDossier(world.service.dossier(id), world.fixture.pins, years), 'wave');
    expect(verified).toMatchObject({ judgedBy: 'signer-claim', quorum: { persons: ['alice', 'bob'], missing: 0 } });
    expect(verified.signatures).toHaveLength(1);
    expect(verified.published?.threshold.missing).toBe(0);
  });

  test('nothing is done twice by looking again', async () => {
    await world.approved();
    await world.service.reconcile();
    await laterOn(3);
    expect(world.signer.calls.filter((call) => call === 'sign')).toHaveLength(1);
    expect(world.signer.calls.filter((call) => call === 'published')).toHaveLength(1);
    expect(world.factory.calls.filter((call) => call === 'createWave')).toHaveLength(1);
  });

  test('a row that somebody put among the approvals does not make one', async () => {
    const { request } = await world.ask();
    await world.approve(request.id, 'alice');
    const sshsig = world.fixture.approve('bob', 'another statement');
    const forged = { person: 'bob', fingerprint: 'SHA256:x', sshsig, at: world.clock.now().toISOString() };
    const event = { at: forged.at, actor: 'bob', type: 'approved', request: request.id, details: {} } as const;
    expect(await world.store.requests.addApproval(request.id, forged, event)).toBe('added');
    expect(await world.service.get(request.id)).toMatchObject({ quorum: { persons: ['alice'], missing: 1 } });
    await world.service.reconcile();
    expect(world.signer.calls).not.toContain('sign');
  });
});

describe('before signing', () => {
  test('an open request is closed when its time is over, also while something stands in its way', async () => {
    const { request } = await world.ask();
    world.clock.advance(72 * 3600_000 - 1000);
    await world.service.reconcile();
    expect(await stateOf(request.id)).toBe('open');
    world.clock.advance(1000);
    await world.service.reconcile();
    expect(await stateOf(request.id)).toBe('closed expired');

    const id = await world.approved();
    world.signer.fail('sign', fault('DOSSIER_INVALID'));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('open DOSSIER_INVALID');
    world.clock.advance(72 * 3600_000);
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('closed expired');
  });

  test.each(['SIGNER_UNAVAILABLE', 'TOKEN_UNAVAILABLE', 'WORKER_UNAVAILABLE', 'PIN_REFUSED'] as const)(
    '%s is shown, and tried again after growing pauses',
    async (code) => {
      const id = await world.approved();
      world.signer.fail('sign', fault(code), fault(code));
      const signs = () => world.signer.calls.filter((call) => call === 'sign').length;
      await world.service.reconcile();
      expect(await stateOf(id)).toBe(`open ${code}`);
      await world.service.reconcile();
      expect(signs()).toBe(1);
      world.clock.advance(1000);
      await world.service.reconcile();
      expect(signs()).toBe(2);
      world.clock.advance(1000);
      await world.service.reconcile();
      expect(signs()).toBe(2);
      world.clock.advance(1000);
      await world.service.reconcile();
      expect(await stateOf(id)).toBe('delivered');
    },
  );

  test.each([
    ['STATEMENT_EXPIRED', 'closed expired STATEMENT_EXPIRED'],
    ['VETOED', 'closed rejected VETOED'],
    ['REJECTED', 'closed rejected REJECTED'],
    ['WATERMARK_PUBLISHED', 'closed conflict WATERMARK_PUBLISHED'],
    ['WATERMARK_ISSUED', 'closed conflict WATERMARK_ISSUED'],
    ['STALE_BASE', 'closed superseded STALE_BASE'],
  ] as const)('the signer says %s: %s', async (code, state) => {
    const id = await world.approved();
    world.signer.fail('sign', fault(code));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe(state);
  });

  test('another refusal of the signer is shown and not tried again, until there is another approval', async () => {
    const id = await world.approved();
    world.signer.fail('sign', fault('QUORUM_NOT_MET'));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('open QUORUM_NOT_MET');
    await laterOn(3);
    expect(world.signer.calls.filter((call) => call === 'sign')).toHaveLength(1);
    await world.approve(id, 'carol');
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
  });

  test('a signer that answers without its signatures is not believed', async () => {
    const id = await world.approved();
    const honest = { ...world.signer };
    world.signer.sign = async (lines) => ({ ...(await honest.sign(lines)), signatures: [] });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('open SIGNATURE_WRONG');
  });

  test('new production targets of the tag close it: nothing is signed over a base that is gone', async () => {
    const id = await world.approved();
    const { offline, online } = world.fixture.keys;
    const signed = { ...world.fixture.productionTargets?.signed, version: 41 };
    world.factory.production.set('production', signTargets(signed, offline === null ? [] : [offline, online]));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('closed superseded STALE_BASE');
    expect(world.signer.calls).not.toContain('sign');
  });

  test('a new root closes it', async () => {
    const id = await world.approved();
    const last = world.factory.roots.ci.at(-1);
    world.factory.roots.ci.push(signRoot({ ...last?.signed, version: 4 }, [world.fixture.keys.root]));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('closed superseded STALE_BASE');
  });

  test('CI targets that moved on do not matter', async () => {
    const id = await world.approved();
    const next = signTargets({ ...world.fixture.ciTargets.signed, version: 46 }, [world.fixture.keys.online]);
    world.factory.ciTargetsText = JSON.stringify({ signatures: next.signatures, signed: next.signed });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
  });

  test('a Wave of that name that came to the Factory meanwhile closes it', async () => {
    const id = await world.approved();
    world.factory.waveList.push({
      name: 'w42',
      version: 42,
      tag: 'production',
      status: 'canceled',
      metadata: Buffer.alloc(0),
    });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('closed conflict DELIVERY_CONFLICT');
  });

  test('another active Wave of the tag is waited for', async () => {
    const id = await world.approved();
    const other = { name: 'x', version: 41, tag: 'production', metadata: Buffer.alloc(0) };
    world.factory.waveList.push({ ...other, status: 'active' });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('open DELIVERY_CONFLICT');
    expect(world.signer.calls).not.toContain('sign');
    await world.factory.cancelWave('x');
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
  });

  test('a policy that came into force meanwhile closes it, and the next request is made under it', async () => {
    const id = await world.approved();
    const { policy, sha256 } = world.fixture.policy;
    const draft = signedPolicy({ ...policy, version: 2, previous: sha256 });
    const next = signedPolicy(
      draft.policy,
      ['alice', 'bob'].map((officer) => ({
        person: officer,
        sshsig: world.fixture.sshsig(officer, NAMESPACES.policy, draft.text),
      })),
    );
    Object.assign(world, await world.another({ policies: [world.fixture.policy, next] }));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('closed superseded STALE_BASE');
    const again = await world.approved({ name: 'w42b' });
    await world.service.reconcile();
    expect(await stateOf(again)).toBe('delivered');
    expect(await stateOf(id)).toBe('closed superseded STALE_BASE');
  });
});

describe('delivery', () => {
  const posts = () => world.factory.calls.filter((call) => call === 'createWave').length;

  test('a lost answer is followed by a look, not by a second sending', async () => {
    const id = await world.approved();
    world.factory.fail('createWave', { when: 'after', error: unavailable() });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
    expect(posts()).toBe(1);
  });

  test('a lost answer with no look possible is looked after later', async () => {
    const id = await world.approved();
    await sign(id);
    world.factory.fail('createWave', { when: 'after', error: unavailable() });
    world.factory.fail('waveTargets', { when: 'before', error: unavailable() });
    await laterOn();
    expect(await stateOf(id)).toBe('signed FACTORY_UNAVAILABLE');
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
    expect(posts()).toBe(2);
    expect(world.factory.waveList).toHaveLength(1);
  });

  test('a 5xx that did nothing is sent again after a pause', async () => {
    const id = await world.approved();
    world.factory.fail('createWave', { when: 'before', error: unavailable() });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('signed FACTORY_UNAVAILABLE');
    await world.service.reconcile();
    expect(posts()).toBe(1);
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
    expect(posts()).toBe(2);
  });

  test.each([401, 403, 404, 409, 423])('a %i may pass, and is tried again', async (status) => {
    const id = await world.approved();
    const code = status === 404 ? 'FACTORY_NOT_FOUND' : status < 404 ? 'FACTORY_UNAUTHORIZED' : 'FACTORY_REFUSED';
    const error = new CountersignError(code, 'no', { details: { status } });
    world.factory.fail('createWave', { when: 'before', error });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe(`signed ${code}`);
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
  });

  test.each([400, 413, 422])('a %i is final: the request is given up, the reason shown', async (status) => {
    const id = await world.approved();
    world.factory.fail('createWave', { when: 'before', error: refused(status, 'Factory says no') });
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({
      state: 'abandoned',
      lastError: { code: 'FACTORY_REFUSED', message: 'Factory says no' },
    });
    await laterOn(2);
    expect(posts()).toBe(1);
    expect((await world.events(id)).at(-1)).toBe('abandoned');
  });

  test('the refusal of a repeat whose Wave is there all the same is success', async () => {
    const id = await world.approved();
    world.factory.fail('createWave', { when: 'after', error: refused(400, 'exists') });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered');
  });

  /** Signed, and its first sending lost before it did anything. */
  async function sign(id: string): Promise<void> {
    world.factory.fail('createWave', { when: 'before', error: unavailable() });
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('signed FACTORY_UNAVAILABLE');
  }

  test('other targets under its name are a conflict, and it is given up', async () => {
    const id = await world.approved();
    await sign(id);
    const { offline, online } = world.fixture.keys;
    const document = world.fixture.wave({ expires: '2027-01-01T00:00:00Z' }).document;
    const metadata = signTargets(JSON.parse(document.toString()), offline === null ? [] : [offline, online]);
    await world.factory.createWave({
      name: 'w42',
      version: 42,
      tag: 'production',
      metadata: Buffer.from(JSON.stringify({ signatures: metadata.signatures, signed: metadata.signed })),
    });
    await laterOn();
    expect(await stateOf(id)).toBe('abandoned DELIVERY_CONFLICT');
  });

  test('a Wave that was completed before anybody looked is delivered', async () => {
    const id = await world.approved();
    await sign(id);
    world.factory.fail('createWave', { when: 'after', error: unavailable() });
    world.factory.fail('waveTargets', { when: 'before', error: unavailable() });
    await laterOn();
    await world.factory.completeWave('w42');
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
  });

  test('a Wave that was cancelled before anybody looked is given up', async () => {
    const id = await world.approved();
    await sign(id);
    world.factory.fail('createWave', { when: 'after', error: unavailable() });
    world.factory.fail('waveTargets', { when: 'before', error: unavailable() });
    await laterOn();
    await world.factory.cancelWave('w42');
    await laterOn();
    expect(await stateOf(id)).toBe('abandoned DELIVERY_CONFLICT');
  });

  test('is held while the Factory applies a root', async () => {
    const id = await world.approved();
    await sign(id);
    world.factory.applying = true;
    await laterOn(2);
    expect(await stateOf(id)).toBe('signed DELIVERY_CONFLICT');
    expect(posts()).toBe(1);
    world.factory.applying = false;
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
  });

  test.each(['FACTORY_UNAUTHORIZED', 'FACTORY_NOT_FOUND'] as const)(
    'is not held because the token may not ask about roots (%s)',
    async (code) => {
      const id = await world.approved();
      world.factory.fail('rootUpdateApplying', { when: 'before', error: fault(code) });
      await world.service.reconcile();
      expect(await stateOf(id)).toBe('delivered');
    },
  );

  test('a base that is gone by then gives it up', async () => {
    const id = await world.approved();
    await sign(id);
    const { offline, online } = world.fixture.keys;
    const signed = { ...world.fixture.productionTargets?.signed, version: 41 };
    world.factory.production.set('production', signTargets(signed, offline === null ? [] : [offline, online]));
    await laterOn();
    expect(await stateOf(id)).toBe('abandoned STALE_BASE');
  });

  test('is not delivered before the online signature is there: a device would refuse it', async () => {
    const id = await world.approved();
    world.factory.withoutOnlineSignature = true;
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('signed THRESHOLD_NOT_MET');
    const wave = world.factory.waveList[0];
    expect(wave).toBeDefined();
    world.factory.withoutOnlineSignature = false;
    world.factory.waveList.length = 0;
    await world.factory.createWave({
      name: 'w42',
      version: 42,
      tag: 'production',
      metadata: wave?.metadata ?? Buffer.alloc(0),
    });
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
  });

  test('a signer that cannot be told yet is told later', async () => {
    const id = await world.approved();
    world.signer.fail('published', fault('SIGNER_UNAVAILABLE'));
    await world.service.reconcile();
    expect(await stateOf(id)).toBe('delivered SIGNER_UNAVAILABLE');
    await laterOn();
    expect(await stateOf(id)).toBe('delivered');
    expect((await world.events(id)).at(-1)).toBe('published');
  });

  test('the signed metadata can be had before delivery, with the offline signature', async () => {
    const id = await world.approved();
    await sign(id);
    const metadata = parseTargets((await world.service.signed(id)) ?? Buffer.alloc(0));
    expect(metadata.signatures.map(({ keyid }) => keyid)).toEqual([world.fixture.keys.offline?.keyid]);
  });
});

test('hundreds of requests that wait for people do not keep a due one from being found', async () => {
  for (let number = 0; number < 120; number += 1) {
    await world.ask({ name: `c${number}`, tag: `tag-${number}` });
  }
  const id = await world.approved();
  await world.service.reconcile();
  expect(await stateOf(id)).toBe('delivered');
}, 120_000);

test('officers who are no officers of the policy cannot give a signed request up', async () => {
  const id = await world.approved();
  world.factory.fail('createWave', { when: 'before', error: unavailable() });
  await world.service.reconcile();
  await expect(world.service.cancel(id, person('mallory'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
