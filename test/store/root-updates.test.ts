import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { NewRootTransaction, Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { describeOver } from './databases.js';
import { asked, AT, blobs, digest, event, newRequest } from './records.js';

const ID = 'req_root';
const LATER = '2026-03-01T10:05:00.000Z';

function transaction(changes: Partial<NewRootTransaction> = {}): NewRootTransaction {
  return {
    id: ID,
    factory: 'acme',
    attempt: 'first',
    message: 'Rotate',
    own: true,
    submission: '{}',
    submissionSha256: digest('{}'),
    rebuiltFrom: null,
    at: AT,
    ...changes,
  };
}

describeOver('root updates in the store', (database) => {
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

  const begun = { txid: 'SECRET', salt: 'salt', message: 'Rotate' };

  async function insert(id = ID, attempt = 'first') {
    const request = newRequest(1, { id, kind: 'root', wave: null });
    const material = { ...request.material, productionTargets: [digest('root-1')], waveTargets: [digest('root-2')] };
    return store.requests.insert({ ...request, material }, { blobs: blobs(id), event: asked(request), attempt });
  }

  async function open(): Promise<void> {
    await store.rootUpdates.begin(transaction());
    await store.rootUpdates.recordBegun(ID, 'first', begun, event('transaction-begun'));
    await insert();
    await store.requests.transition(ID, { from: ['preparing'], to: 'open', at: AT }, []);
  }

  test('a Factory is held by one transaction from before it is begun until it has ended', async () => {
    expect(await store.rootUpdates.begin(transaction())).toBeNull();
    expect(await store.rootUpdates.begin(transaction({ id: 'req_other' }))).toMatchObject({
      id: ID,
      state: 'beginning',
    });
    expect(await store.rootUpdates.begin(transaction({ id: 'req_b', factory: 'other' }))).toBeNull();
    await store.rootUpdates.end(ID, event('transaction-ended'));
    expect(await store.rootUpdates.begin(transaction({ id: 'req_other' }))).toBeNull();
  });

  test('whose attempt was taken over records nothing and stores no request', async () => {
    await store.rootUpdates.begin(transaction());
    expect(await store.rootUpdates.takeOver(ID, 'first', { attempt: 'second', at: LATER })).toBe(true);
    expect(await store.rootUpdates.takeOver(ID, 'first', { attempt: 'third', at: LATER })).toBe(false);
    expect(await store.rootUpdates.recordBegun(ID, 'first', begun, event('transaction-begun'))).toBe(false);
    await expect(insert()).rejects.toMatchObject({ code: 'REQUEST_OPEN_EXISTS' });
    expect(await store.requests.find(ID)).toBeNull();
    expect(await insert(ID, 'second')).toEqual({ outcome: 'created' });
    expect(await store.rootUpdates.takeOver(ID, 'second', { attempt: 'third', at: LATER })).toBe(false);
  });

  test('those that began before a time and came to nothing are found', async () => {
    await store.rootUpdates.begin(transaction());
    expect(await store.rootUpdates.listForsaken(AT)).toEqual([]);
    expect(await store.rootUpdates.listForsaken(LATER)).toMatchObject([{ id: ID }]);
    await insert();
    expect(await store.rootUpdates.listForsaken(LATER)).toEqual([]);
  });

  test('a request comes back with all its targets in order, and holds its Factory', async () => {
    await open();
    expect(await store.rootUpdates.findHolder('acme')).toMatchObject({
      id: ID,
      material: { productionTargets: [digest('root-1')], waveTargets: [digest('root-2')] },
      root: { transaction: 'open', own: true, applySent: null, rebuildWanted: false, published: null },
    });
    expect(JSON.stringify(await store.requests.find(ID))).not.toContain('SECRET');
    expect((await store.rootUpdates.transaction(ID))?.txid).toBe('SECRET');
  });

  test('external signatures are kept once, and only while the request is open', async () => {
    await open();
    const signature = { document: 0, keyid: 'k', method: 'ed25519', sig: 'one' } as const;
    expect(await store.rootUpdates.addExternals(ID, [signature], event('external-signature'))).toBe('added');
    const again = [
      { ...signature, sig: 'two' },
      { ...signature, document: 1 as const },
    ];
    expect(await store.rootUpdates.addExternals(ID, again, event('external-signature'))).toBe('added');
    expect(await store.rootUpdates.externals(ID)).toEqual([signature, { ...signature, document: 1 }]);
    await store.requests.transition(ID, { from: ['open'], to: 'closed', at: AT, closedBecause: 'cancelled' }, []);
    expect(await store.rootUpdates.addExternals(ID, again, event('external-signature'))).toBe('state');
  });

  test('signatures of several signers are added part by part, and the last one ends the signing', async () => {
    await open();
    const made = (keyid: string) => ({ document: 0, keyid, method: 'ed25519', sig: keyid, signedAt: AT });
    const part = (keyids: string[], journal: string | null = null) => ({
      ...{ signatures: keyids.map(made), wanted: 3, at: LATER },
      journal: journal === null ? null : Buffer.from(journal),
    });
    const add = (...given: Parameters<typeof part>) =>
      store.rootUpdates.addSignatures(ID, part(...given), event('signatures-imported'));
    expect(await add(['a'])).toBe('added');
    expect(await add(['a'])).toBe('exists');
    await expect(add(['a', 'b'], 'lost')).rejects.toMatchObject({ code: 'EXTERNAL_SIGNATURE_INVALID' });
    expect(await store.requests.find(ID)).toMatchObject({ state: 'open', root: { journals: [] } });
    expect(await add(['b', 'c'], 'of another')).toBe('signed');
    const { state, since, root } = (await store.requests.find(ID)) ?? {};
    expect([state, since]).toEqual(['signed', LATER]);
    expect((await store.blobs.get(root?.journals[0] ?? '')).toString()).toBe('of another');
    expect((await store.requests.signatures(ID)).map(({ keyid }) => keyid)).toEqual(['a', 'b', 'c']);
    expect(await add(['d'])).toBe('state');
  });

  test('a request that ended is due until its transaction has ended and another stands in its place', async () => {
    await open();
    const due = async () => {
      const times = { now: LATER, latest: LATER, never: '9999' };
      return (await store.requests.listDue(times, { after: '', limit: 9 })).length;
    };
    const closed = { from: ['open'], to: 'closed', at: AT, closedBecause: 'superseded', rebuildWanted: true } as const;
    await store.requests.transition(ID, closed, []);
    expect(await due()).toBe(1);
    await store.rootUpdates.end(ID, event('transaction-ended'));
    expect((await store.rootUpdates.transaction(ID))?.txid).toBe('');
    expect(await due()).toBe(1);
    expect(await store.rootUpdates.markRebuilt(ID, 'req_next', event('rebuilt'))).toBe(true);
    expect(await store.rootUpdates.markRebuilt(ID, 'req_more', event('rebuilt'))).toBe(false);
    expect(await due()).toBe(0);
    expect((await store.requests.find(ID))?.root?.rebuiltAs).toBe('req_next');
  });

  test('published roots end the transaction with the delivery', async () => {
    await open();
    await store.requests.transition(ID, { from: ['open'], to: 'signed', at: AT }, []);
    await store.rootUpdates.markApplySent(ID, AT);
    expect((await store.requests.find(ID))?.root?.applySent).toBe(AT);
    await store.rootUpdates.markApplySent(ID, null);
    const publishedRoots = { ci: Buffer.from('new ci'), production: Buffer.from('new production') };
    await store.requests.transition(ID, { from: ['signed'], to: 'delivered', at: AT, publishedRoots }, []);
    expect((await store.requests.find(ID))?.root).toMatchObject({
      transaction: 'ended',
      applySent: null,
      published: { ci: digest('new ci'), production: digest('new production') },
    });
  });
});
