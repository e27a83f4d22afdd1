import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { GatewayDraft, Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { describeOver } from './databases.js';

const draft: GatewayDraft = {
  factory: 'acme',
  polisId: 'p1',
  id: 'a',
  revision: 1,
  text: '{"txid":"A"}',
  at: '2026-03-01T10:00:00.000Z',
};

describeOver('drafts of root updates in the store', (database) => {
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

  test('an account has one draft in a Factory', async () => {
    expect(await store.gatewayDrafts.find('acme', 'p1')).toBeNull();
    expect(await store.gatewayDrafts.create(draft)).toBe(true);
    expect(await store.gatewayDrafts.create({ ...draft, id: 'b' })).toBe(false);
    expect(await store.gatewayDrafts.create({ ...draft, polisId: 'p2', id: 'b' })).toBe(true);
    expect(await store.gatewayDrafts.find('acme', 'p1')).toEqual(draft);
  });

  test('of two changes to the same revision the second finds out', async () => {
    await store.gatewayDrafts.create(draft);
    const changed = { ...draft, revision: 2, text: '{"txid":"B"}' };
    expect(await store.gatewayDrafts.replace(changed)).toBe(true);
    expect(await store.gatewayDrafts.replace({ ...changed, text: '{"txid":"C"}' })).toBe(false);
    expect(await store.gatewayDrafts.find('acme', 'p1')).toEqual(changed);
  });

  test('a draft is removed once, and not by the name of an earlier one', async () => {
    await store.gatewayDrafts.create(draft);
    expect(await store.gatewayDrafts.remove({ ...draft, id: 'earlier' })).toBe(false);
    expect(await store.gatewayDrafts.remove(draft)).toBe(true);
    expect(await store.gatewayDrafts.remove(draft)).toBe(false);
  });

  test('a draft that nobody touches for a month is forgotten', async () => {
    await store.gatewayDrafts.create(draft);
    await store.expire('2026-03-31T09:59:59.000Z');
    expect(await store.gatewayDrafts.find('acme', 'p1')).not.toBeNull();
    await store.expire('2026-03-31T10:00:01.000Z');
    expect(await store.gatewayDrafts.find('acme', 'p1')).toBeNull();
  });
});
