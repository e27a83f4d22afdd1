import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RequestKey, Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { describeOver } from './databases.js';
import { asked, AT, blobs, digest, event, newRequest } from './records.js';

describeOver('the request keys of a store', (database) => {
  let made: { url: string; drop(): Promise<void> };
  let store: Store;

  beforeEach(async () => {
    made = await database.create();
    store = await openStore(made.url);
  });
  afterEach(async () => {
    await store.close();
    await made.drop();
  });

  function set(name: string, changes: Partial<RequestKey> = {}): RequestKey[] {
    return (['root', 'targets'] as const).map((role) => ({
      id: `rk_${name}-${role}`,
      set: `rks_${name}`,
      name,
      kind: 'person',
      polisId: `p-${name}`,
      factory: 'acme',
      role,
      key: { keytype: 'ED25519', keyval: { public: digest(`${name} ${role}`) } },
      keyid: digest(`keyid of ${name} ${role}`),
      created: AT,
      revoked: null,
      ...changes,
    }));
  }
  const created = event('request-key-created', { actor: 'carol' });
  const revoked = event('request-key-revoked', { actor: 'carol' });

  test('come back as they were put in, all or those in use of an account', async () => {
    const [carol, dave] = [set('carol'), set('dave', { factory: 'umbrella', kind: 'ci' })];
    expect(await store.requestKeys.add(carol, created)).toBe('added');
    expect(await store.requestKeys.add(dave, created)).toBe('added');
    expect(await store.requestKeys.list()).toEqual([...carol, ...dave]);
    expect(await store.requestKeys.list('umbrella')).toEqual(dave);
    expect(await store.requestKeys.listActive('acme', 'p-carol')).toEqual(carol);
    expect(await store.requestKeys.listActive('umbrella', 'p-carol')).toEqual([]);
    expect(await store.requestKeys.findSet('rks_dave')).toEqual(dave);
    expect(await store.requestKeys.findSet('rk_dave-targets')).toEqual(dave);
    expect(await store.requestKeys.findSet('rk_nobody')).toEqual([]);
    expect((await store.events.list({ after: 0, limit: 9 })).map(({ type }) => type)).toEqual(
      Array<string>(2).fill('request-key-created'),
    );
  });

  test('are one set an account and Factory, and no key comes twice; what is refused leaves nothing', async () => {
    const carol = set('carol');
    await store.requestKeys.add(carol, created);
    expect(await store.requestKeys.add(set('again', { polisId: 'p-carol' }), created)).toBe('account');
    const other = carol.map((key) => ({ ...key, id: `${key.id}2`, set: 'rks_2', polisId: 'p-2' }));
    expect(await store.requestKeys.add(other, created)).toBe('key');
    expect(await store.requestKeys.list()).toEqual(carol);
    await store.requestKeys.revoke('rks_carol', AT, revoked);
    expect(await store.requestKeys.add(other, created)).toBe('key');
    expect(await store.requestKeys.add(set('again', { polisId: 'p-carol' }), created)).toBe('added');
    expect(await store.events.list({ after: 0, limit: 9 })).toHaveLength(3);
  });

  test('are revoked once, all of a set', async () => {
    await store.requestKeys.add(set('carol'), created);
    expect(await store.requestKeys.revoke('rks_nobody', AT, revoked)).toBe(false);
    expect(await store.requestKeys.revoke('rks_carol', AT, revoked)).toBe(true);
    expect(await store.requestKeys.revoke('rks_carol', '2026-03-02T10:00:00.000Z', revoked)).toBe(false);
    expect((await store.requestKeys.list()).map((key) => key.revoked)).toEqual([AT, AT]);
    expect(await store.requestKeys.listActive('acme', 'p-carol')).toEqual([]);
    expect(await store.events.list({ after: 0, limit: 9 })).toHaveLength(2);
  });

  test('lead to what was asked for with them and is not signed', async () => {
    const asking = (number: number, tag: string, requestKey: string | null) =>
      newRequest(number, {
        wave: { name: tag, tag, version: 1 },
        requester: { name: 'carol', kind: 'person', via: 'fioctl', requestKey },
      });
    const requests = [asking(1, 'a', 'rk_1'), asking(2, 'b', 'rk_2'), asking(3, 'c', 'rk_3'), asking(4, 'd', null)];
    for (const request of requests) {
      await store.requests.insert(request, { blobs: blobs(request.id), event: asked(request) });
    }
    await store.requests.transition(requests[0]?.id ?? '', { from: ['preparing'], to: 'open', at: AT }, []);
    await store.requests.transition(requests[1]?.id ?? '', { from: ['preparing'], to: 'closed', at: AT }, []);
    const found = await store.requests.listUnsignedBy(['rk_1', 'rk_2', 'rk_3']);
    expect(found.map(({ requester }) => requester.requestKey)).toEqual(['rk_1', 'rk_3']);
    expect((await store.requests.find(requests[3]?.id ?? ''))?.requester.requestKey).toBeNull();
  });
});
