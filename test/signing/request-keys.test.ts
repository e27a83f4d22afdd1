import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError } from '../../src/errors.js';
import type { Caller, RequestKey } from '../../src/signing/index.js';
import { CI, officer, openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { metadataText } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { requestKeySet, type RequestKeySet } from '../support/request-key-set.js';

const TOKEN = 'factory-token-of-carol';
const carol: Caller = { name: 'carol', kind: 'person', via: 'token', person: 'carol', scopes: ['read', 'request'] };

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld();
});
afterEach(() => world.end());

const register = (
  { registration }: RequestKeySet = requestKeySet('carol'),
  more: { token?: string; caller?: Caller } = {},
): Promise<readonly RequestKey[]> =>
  world.service.registerRequestKeys(registration, more.token ?? TOKEN, more.caller ?? carol);

const journal = (): string => readFileSync(join(world.stateDir, 'journal.jsonl'), 'utf8');

describe('request keys', () => {
  it('are registered for the account that the Factory says the token is of, and in the signer’s journal', async () => {
    const set = requestKeySet('carol');
    const keys = await register(set);
    expect(keys).toMatchObject([
      { name: 'carol', kind: 'person', polisId: `of ${TOKEN}`, factory: 'acme', role: 'root', key: set.root.key },
      { role: 'targets', keyid: set.targets.keyid, revoked: null },
    ]);
    expect(new Set(keys.map((key) => key.set)).size).toBe(1);
    expect(await world.service.activeRequestKeys('acme', `of ${TOKEN}`)).toEqual(keys);
    expect(await world.service.activeRequestKeys('acme', 'another')).toEqual([]);
    expect(await world.service.requestKeys('acme')).toEqual(keys);
    expect(await world.service.requestKeys('umbrella')).toEqual([]);
    for (const { keyid } of keys) expect(journal()).toContain(`"keyid":"${keyid}"`);
    const [event] = (await world.service.events({})).items;
    expect(event).toMatchObject({ type: 'request-key-created', actor: 'carol', details: { polisId: `of ${TOKEN}` } });
    await world.service.verifyEvents();
  });

  it('are of whoever calls, and of an account that has none in use', async () => {
    const set = requestKeySet('carol');
    expect(await rejectionOf(register(set, { caller: officer('alice') }))).toBe('FORBIDDEN /name');
    expect(await rejectionOf(register(set, { caller: { ...carol, scopes: ['read'] } }))).toMatch(/^FORBIDDEN/);
    await register(set);
    expect(await rejectionOf(register())).toMatch(/^REQUEST_KEY_EXISTS/);
    expect(await rejectionOf(register(set, { token: 'another' }))).toMatch(/^REQUEST_KEY_REFUSED/);
  });

  it('are proved to be held, for just this name, role and Factory', async () => {
    const { registration } = requestKeySet('carol');
    const [root, targets] = registration.keys;
    if (root === undefined || targets === undefined) throw new Error('two keys were made');
    const refusal = (more: Partial<typeof registration>): Promise<string> =>
      rejectionOf(world.service.registerRequestKeys({ ...registration, ...more }, TOKEN, carol));
    expect(await refusal({ keys: [{ ...root, role: 'targets' }] })).toBe('KEY_PROOF_INVALID /keys/0/proof');
    expect(await refusal({ keys: [root, { ...targets, proof: root.proof }] })).toBe('KEY_PROOF_INVALID /keys/1/proof');
    expect(await refusal({ keys: requestKeySet('mallory').registration.keys })).toMatch(/^KEY_PROOF_INVALID/);
    expect(await refusal({ keys: requestKeySet('carol', 'umbrella').registration.keys })).toMatch(/^KEY_PROOF_INVALID/);
    expect(await refusal({ keys: [root, root] })).toBe('INPUT_INVALID /keys');
    expect(await refusal({ keys: [] })).toBe('INPUT_INVALID /keys');
    const broken = { keytype: 'RSA', keyval: { public: 'x' } } as const;
    expect(await refusal({ keys: [{ ...root, key: broken }] })).toBe('INPUT_INVALID /keys/0/key');
    expect(await refusal({ factory: 'umbrella' })).toMatch(/^FACTORY_NOT_IN_POLICY/);
    expect(await world.service.requestKeys()).toEqual([]);
    expect(journal()).not.toContain('request-key');
  });

  it('are never keys of a token or of a root', async () => {
    const { signer, fixture } = world;
    const request = (...keys: Parameters<typeof signer.registerRequestKeys>[0]['keys']): Promise<string> =>
      rejectionOf(signer.registerRequestKeys({ factory: 'acme', keys }));
    const { root } = requestKeySet('carol');
    expect(await request(root.key, world.key.key)).toBe('REQUEST_KEY_REFUSED /keys/1');
    const { ci, production } = fixture.roots;
    await signer.publishedRoots({
      factory: 'acme',
      roots: { ci: ci.map(metadataText), production: production.map(metadataText) },
    });
    expect(await request(fixture.keys.online.key)).toBe('REQUEST_KEY_REFUSED /keys/0');
    expect(await rejectionOf(signer.registerRequestKeys({ factory: 'umbrella', keys: [root.key] }))).toMatch(
      /^FACTORY_NOT_IN_POLICY/,
    );
    expect(journal()).not.toContain('request-key');
    expect(await signer.registerRequestKeys({ factory: 'acme', keys: [root.key] })).toEqual({ added: 1 });
    expect(await signer.registerRequestKeys({ factory: 'acme', keys: [root.key] })).toEqual({ added: 0 });
  });

  it('are not registered while the signer cannot remember them', async () => {
    const gone = new CountersignError('SIGNER_UNAVAILABLE', 'gone');
    const signer = { ...world.signer, registerRequestKeys: () => Promise.reject(gone) };
    const { service } = await world.another({ signer });
    const { registration } = requestKeySet('carol');
    await expect(service.registerRequestKeys(registration, TOKEN, carol)).rejects.toBe(gone);
    expect(await service.requestKeys()).toEqual([]);
  });

  it('keep their owner’s Factory token out of answers, events, logs and errors', async () => {
    await register();
    world.factory.fail('selfOf', { when: 'before', error: new CountersignError('FACTORY_UNAUTHORIZED', 'no') });
    expect(await rejectionOf(register(requestKeySet('carol'), { token: TOKEN }))).toMatch(/^FACTORY_UNAUTHORIZED/);
    const told = JSON.stringify([world.logger.lines, (await world.service.events({})).items]);
    // the account's id is made of the token by the Factory in memory
    expect(told.replaceAll(`of ${TOKEN}`, '')).not.toContain(TOKEN);
  });
});

describe('revoked request keys', () => {
  const asCarol = (key: RequestKey | undefined): Caller => ({ ...carol, via: 'fioctl', requestKey: key?.id ?? '' });

  it('take what was asked for with them along, unless it is signed', async () => {
    const [key] = await register();
    const signed = await world.ask({}, asCarol(key));
    for (const person of ['alice', 'bob']) await world.approve(signed, person);
    await world.service.reconcile();
    const open = await world.ask({ name: 'w43', tag: 'staging' }, asCarol(key));
    const others = await world.ask({ name: 'w44', tag: 'qa' }, CI);

    const revoked = await world.service.revokeRequestKeys(key?.set ?? '', carol);
    expect(revoked.map(({ revoked: at }) => at)).toEqual([world.clock.now().toISOString(), revoked[1]?.revoked]);
    expect(await world.service.get(open)).toMatchObject({ state: 'closed', closedBecause: 'cancelled' });
    expect((await world.service.get(others)).state).toBe('open');
    expect((await world.service.get(signed)).state).toBe('delivered');
    const events = (await world.service.events({ limit: 200 })).items;
    expect(events.find(({ type }) => type === 'request-key-revoked')).toMatchObject({ actor: 'carol' });
    expect(events.find(({ type, request }) => type === 'cancelled' && request === open)?.details['reason']).toContain(
      'revoked',
    );
  });

  it('end also a request that came in meanwhile, before anything is done for it', async () => {
    const [key] = await register();
    await world.service.revokeRequestKeys(key?.id ?? '', carol);
    const late = await world.ask({}, asCarol(key));
    for (const person of ['alice', 'bob']) await world.approve(late, person);
    await world.service.reconcile();
    expect(await world.service.get(late)).toMatchObject({ state: 'closed', closedBecause: 'cancelled' });
    expect(world.token.signed).toEqual([]);
  });

  it('are revoked by their owner or an officer, once; and leave room for new ones', async () => {
    const [key] = await register();
    const id = key?.set ?? '';
    expect(await rejectionOf(world.service.revokeRequestKeys(id, CI))).toMatch(/^FORBIDDEN/);
    expect(await rejectionOf(world.service.revokeRequestKeys('rks_0', carol))).toMatch(/^REQUEST_KEY_NOT_FOUND/);
    const first = await world.service.revokeRequestKeys(id, officer('alice'));
    world.clock.time = new Date(world.clock.time.getTime() + 60_000);
    expect(await world.service.revokeRequestKeys(id, carol)).toEqual(first);
    expect(await world.service.activeRequestKeys('acme', `of ${TOKEN}`)).toEqual([]);
    await register();
    expect(await world.service.activeRequestKeys('acme', `of ${TOKEN}`)).toHaveLength(2);
    expect(await world.service.requestKeys()).toHaveLength(4);
  });
});
