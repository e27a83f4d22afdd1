import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { describeOver } from './databases.js';
import type { CreatedDatabase } from './sqlite-database.js';
import { approval, asked, AT, blobs, digest, event, newRequest } from './records.js';

describeOver('the store', (database) => {
  let made: CreatedDatabase;
  let store: Store;

  beforeEach(async () => {
    made = await database.create();
    store = await openStore(made.url);
  });
  afterEach(async () => {
    await store.close();
    await made.drop();
  });

  async function insert(number: number, changes: Parameters<typeof newRequest>[1] = {}): Promise<string> {
    const request = newRequest(number, changes);
    const outcome = await store.requests.insert(request, { blobs: blobs(request.id), event: asked(request) });
    expect(outcome).toEqual({ outcome: 'created' });
    return request.id;
  }

  async function move(id: string, to: 'open' | 'signed' | 'delivered' | 'closed'): Promise<boolean> {
    const from = { open: 'preparing', signed: 'open', delivered: 'signed', closed: 'open' } as const;
    return store.requests.transition(id, { from: [from[to]], to, at: AT }, []);
  }

  describe('requests', () => {
    test('are counted by state, with the one that has been there longest; approvals by Factory', async () => {
      expect(await store.requests.countByState()).toEqual([]);
      const first = await insert(1, { wave: { name: 'a', tag: 'one', version: 1 } });
      const second = await insert(2, { wave: { name: 'b', tag: 'two', version: 1 } });
      await insert(3, { wave: { name: 'c', tag: 'three', version: 1 } });
      await move(first, 'open');
      const later = new Date(Date.parse(AT) + 1000).toISOString();
      await store.requests.transition(second, { from: ['preparing'], to: 'open', at: later }, []);
      await store.requests.addApproval(first, approval('alice'), event('approved'));
      const counts = await store.requests.countByState();
      expect(counts.sort((a, b) => (a.state < b.state ? -1 : 1))).toEqual([
        { factory: 'acme', kind: 'wave', state: 'open', count: 2, oldest: AT },
        { factory: 'acme', kind: 'wave', state: 'preparing', count: 1, oldest: AT },
      ]);
      expect(await store.requests.countApprovals()).toEqual([{ factory: 'acme', count: 1 }]);
    });

    test('a request comes back as it was put in, its blobs in their order', async () => {
      const request = newRequest(1, { wave: { name: 'w', tag: 'production', version: Number.MAX_SAFE_INTEGER } });
      await store.requests.insert(request, { blobs: blobs(request.id), event: asked(request) });
      expect(await store.requests.find(request.id)).toEqual({
        ...request,
        state: 'preparing',
        closedBecause: null,
        lastError: null,
        attempts: 0,
        nextAttempt: null,
        published: null,
        root: null,
        signerTold: null,
        since: AT,
      });
      expect(await store.blobs.get(digest('root-2'))).toEqual(Buffer.from('root-2'));
    });

    test('one tag is held by one request, while it is preparing, open or signed', async () => {
      const first = await insert(1);
      const second = newRequest(2);
      const attempt = () => store.requests.insert(second, { blobs: blobs(second.id), event: asked(second) });
      for (const next of ['open', 'signed'] as const) {
        expect(await attempt()).toEqual({ outcome: 'exists', id: first });
        expect(await move(first, next)).toBe(true);
      }
      expect(await attempt()).toEqual({ outcome: 'exists', id: first });
      expect(await store.requests.find(second.id)).toBeNull();
      await move(first, 'delivered');
      expect(await attempt()).toEqual({ outcome: 'created' });
      expect(await store.requests.findHolder('acme', 'production')).toMatchObject({ id: second.id });
    });

    test('other tags and other Factories are not held', async () => {
      await insert(1);
      await insert(2, { wave: { name: 'w', tag: 'canary', version: 41 } });
      await insert(3, { factory: 'other' });
    });

    test('one root request per Factory is open', async () => {
      const first = await insert(1, { kind: 'root', wave: null });
      const second = newRequest(2, { kind: 'root', wave: null });
      const outcome = await store.requests.insert(second, { blobs: blobs(second.id), event: asked(second) });
      expect(outcome).toEqual({ outcome: 'exists', id: first });
      await insert(3);
    });

    test('a move happens only from the state that it starts from, and its events with it', async () => {
      const id = await insert(1);
      const open = () => store.requests.transition(id, { from: ['preparing'], to: 'open', at: AT }, [event('opened')]);
      expect(await open()).toBe(true);
      expect(await open()).toBe(false);
      const events = await store.events.list({ after: 0, limit: 10 });
      expect(events.map(({ type }) => type)).toEqual(['asked', 'opened']);
    });

    test('signatures and published metadata are stored with the move', async () => {
      const id = await insert(1);
      await move(id, 'open');
      const signature = { document: 0, keyid: 'k1', method: 'ed25519', sig: 'AAAA', signedAt: '2026-03-01T10:00:00Z' };
      await store.requests.transition(id, { from: ['open'], to: 'signed', at: AT, signatures: [signature] }, []);
      expect(await store.requests.signatures(id)).toEqual([signature]);
      const published = Buffer.from('published');
      await store.requests.transition(id, { from: ['signed'], to: 'delivered', at: AT, published }, []);
      const request = await store.requests.find(id);
      expect(request?.published).toBe(digest(published));
      expect(await store.blobs.get(digest(published))).toEqual(published);
    });

    test('a failure is recorded for the state it happened in only', async () => {
      const id = await insert(1);
      const error = { code: 'SIGNER_UNAVAILABLE', message: 'no socket', at: AT } as const;
      const failure = { state: 'preparing', error, nextAttempt: AT } as const;
      expect(await store.requests.recordFailure(id, failure)).toBe(true);
      expect(await store.requests.recordFailure(id, failure)).toBe(true);
      expect(await store.requests.find(id)).toMatchObject({ lastError: error, attempts: 2, nextAttempt: AT });
      await move(id, 'open');
      expect(await store.requests.recordFailure(id, failure)).toBe(false);
      expect(await store.requests.find(id)).toMatchObject({ lastError: null, attempts: 0, nextAttempt: null });
    });

    test("a person's approval is stored once, and only for an open request", async () => {
      const id = await insert(1);
      const approve = (person: string) => store.requests.addApproval(id, approval(person), event('approved'));
      expect(await approve('alice')).toBe('state');
      await move(id, 'open');
      expect(await approve('alice')).toBe('added');
      expect(await approve('alice')).toBe('exists');
      expect(await approve('bob')).toBe('added');
      expect(await store.requests.approvals(id)).toEqual([approval('alice'), approval('bob')]);
      await move(id, 'signed');
      expect(await approve('alice')).toBe('exists');
      expect(await approve('carol')).toBe('state');
      const events = await store.events.list({ after: 0, limit: 10 });
      expect(events.filter(({ type }) => type === 'approved')).toHaveLength(2);
    });

    test('a rejection closes the request and waits for the signer to confirm it', async () => {
      const id = await insert(1);
      await move(id, 'open');
      const rejection = { ...approval('alice'), rejection: '{"…"}', reason: 'no' };
      expect(await store.requests.addRejection(id, rejection, [event('rejected')])).toBe('added');
      expect(await store.requests.addRejection(id, rejection, [event('rejected')])).toBe('exists');
      expect(await store.requests.find(id)).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
      const stored = { ...rejection, vetoed: null, vetoRefused: null };
      expect(await store.requests.listUnsentVetoes(10)).toMatchObject([{ request: { id }, rejection: stored }]);
      expect(await store.requests.markVetoed(id, 'alice', AT, event('vetoed'))).toBe(true);
      expect(await store.requests.markVetoed(id, 'alice', AT, event('vetoed'))).toBe(false);
      expect(await store.requests.listUnsentVetoes(10)).toEqual([]);
    });

    test('a veto that the signer refused for good is not sent again', async () => {
      const id = await insert(1);
      await move(id, 'open');
      await store.requests.addRejection(id, { ...approval('alice'), rejection: '{}', reason: 'no' }, []);
      await store.requests.markVetoRefused(id, 'alice', 'SSHSIG_MISMATCH');
      expect(await store.requests.listUnsentVetoes(10)).toEqual([]);
      expect(await store.requests.rejections(id)).toMatchObject([{ vetoed: null, vetoRefused: 'SSHSIG_MISMATCH' }]);
    });

    test('what is due are requests under way and delivered ones that the signer was not told of', async () => {
      const times = { now: AT, latest: '2026-03-01T10:01:00.000Z', never: '9999-12-31T23:59:59.999Z' };
      const due = async () => (await store.requests.listDue(times, { after: '', limit: 10 })).map(({ id }) => id);
      const id = await insert(1);
      expect(await due()).toEqual([id]);
      const error = { code: 'SIGNER_UNAVAILABLE', message: 'no socket', at: AT } as const;
      await store.requests.recordFailure(id, { state: 'preparing', error, nextAttempt: '2026-03-01T10:00:01.000Z' });
      expect(await due()).toEqual([]);
      await move(id, 'open');
      await move(id, 'signed');
      expect(await due()).toEqual([id]);
      await move(id, 'delivered');
      expect(await due()).toEqual([id]);
      expect(await store.requests.markSignerTold(id, AT, event('published'))).toBe(true);
      expect(await store.requests.markSignerTold(id, AT, event('published'))).toBe(false);
      expect(await due()).toEqual([]);
    });

    test('lists are paged newest first, and filtered', async () => {
      for (const number of [1, 2, 3]) await insert(number, { wave: { name: 'w', tag: `t${number}`, version: 1 } });
      const first = await store.requests.list({ limit: 2 });
      expect(first.items.map(({ wave }) => wave?.tag)).toEqual(['t3', 't2']);
      const cursor = first.next ?? '';
      const second = await store.requests.list({ limit: 2, cursor });
      expect(second.items.map(({ wave }) => wave?.tag)).toEqual(['t1']);
      expect(second.next).toBeNull();
      expect((await store.requests.list({ limit: 9, tag: 't2' })).items).toHaveLength(1);
      expect((await store.requests.list({ limit: 9, state: 'open' })).items).toHaveLength(0);
    });

    test('lists of a tag have its Waves and its bundles, also bundles that were stored before there was a column for it', async () => {
      const statement = JSON.stringify({ changes: [{ op: 'bundle', tag: 't2' }] });
      const bundle = { kind: 'bundle', wave: null, bundleTag: 't2', statement } as const;
      const ids = [await insert(1, bundle), await insert(2, { wave: { name: 'w', tag: 't2', version: 1 } })];
      await insert(3, { ...bundle, bundleTag: 't1', statementSha256: digest('3') });
      const listed = async () => (await store.requests.list({ limit: 9, tag: 't2' })).items.map(({ id }) => id);
      expect((await listed()).sort()).toEqual(ids);
      await store.close();
      await made.run('drop index requests_one_per_claim');
      for (const column of ['bundle_tag', 'claim']) await made.run(`alter table requests drop column ${column}`);
      await made.run(`delete from kysely_migration where name >= '007'`);
      store = await openStore(made.url);
      expect((await listed()).sort()).toEqual([...ids, newRequest(3).id]);
    });

    test('what a request claims is its alone until it comes to nothing', async () => {
      const ask = (number: number, factory = 'acme') => {
        const request = newRequest(number, { kind: 'bundle', wave: null, bundleTag: 't', factory });
        return store.requests.insert(request, { blobs: blobs(request.id), event: asked(request), claim: 'c' });
      };
      const { id } = newRequest(1);
      expect(await ask(1)).toEqual({ outcome: 'created' });
      for (const state of ['open', 'signed', 'delivered'] as const) {
        await move(id, state);
        expect([state, await ask(2)]).toEqual([state, { outcome: 'exists', id }]);
      }
      expect(await ask(3, 'other')).toEqual({ outcome: 'created' });
      await store.requests.transition(id, { from: ['delivered'], to: 'abandoned', at: AT }, []);
      expect(await ask(2)).toEqual({ outcome: 'created' });
    });

    test('a request waits for a person who neither asked for it nor approved it', async () => {
      const byAlice = { requester: { name: 'alice', kind: 'person', via: 'login', requestKey: null } } as const;
      const id = await insert(1, byAlice);
      await move(id, 'open');
      const waitingFor = async (person: string) =>
        (await store.requests.list({ limit: 9, waitingFor: person })).items.length;
      expect([await waitingFor('alice'), await waitingFor('bob')]).toEqual([0, 1]);
      await store.requests.addApproval(id, approval('bob'), event('approved'));
      expect(await waitingFor('bob')).toBe(0);
    });

    test('requests are found by their Wave, and by a tag from a version on', async () => {
      const id = await insert(1);
      expect(await store.requests.findByWave('acme', 'production', 'w1', 41)).toMatchObject([{ id }]);
      expect(await store.requests.findByWave('acme', 'production', 'w1', 42)).toEqual([]);
      expect(await store.requests.listFromVersion('acme', 'production', 41)).toMatchObject([{ id }]);
      expect(await store.requests.listFromVersion('acme', 'production', 42)).toEqual([]);
      expect(await store.requests.listFromVersion('acme', 'canary', 1)).toEqual([]);
    });
  });

  describe('idempotency keys', () => {
    const key = { key: 'k', caller: 'ci:main', requestSha256: digest('body') };

    test('a key answers the request it made, and refuses another body', async () => {
      const request = newRequest(1);
      const insertWith = (idempotency: typeof key) =>
        store.requests.insert(request, { blobs: blobs(request.id), event: asked(request), idempotency });
      expect(await insertWith(key)).toEqual({ outcome: 'created' });
      expect(await insertWith(key)).toEqual({ outcome: 'idempotent', id: request.id });
      expect(await insertWith({ ...key, requestSha256: digest('other') })).toEqual({
        outcome: 'idempotency-conflict',
        id: request.id,
      });
      expect(await store.requests.findIdempotencyKey('k', 'ci:main')).toEqual({
        requestSha256: key.requestSha256,
        id: request.id,
      });
      expect(await store.requests.findIdempotencyKey('k', 'ci:other')).toBeNull();
    });

    test('a key can be bound to a request that was there before, once', async () => {
      const id = await insert(1);
      expect(await store.requests.bindIdempotencyKey(key, id, AT)).toEqual({ outcome: 'created' });
      expect(await store.requests.bindIdempotencyKey(key, id, AT)).toEqual({ outcome: 'idempotent', id });
    });

    test('a key is forgotten after a week', async () => {
      const id = await insert(1);
      await store.requests.bindIdempotencyKey(key, id, AT);
      await store.expire('2026-03-08T09:59:59.000Z');
      expect(await store.requests.findIdempotencyKey('k', 'ci:main')).not.toBeNull();
      await store.expire('2026-03-08T10:00:01.000Z');
      expect(await store.requests.findIdempotencyKey('k', 'ci:main')).toBeNull();
    });
  });

  describe('events', () => {
    test('are chained from a genesis of zeros, and the chain verifies', async () => {
      await store.events.append(event('login', { actor: 'alice', details: { fingerprint: 'SHA256:a' } }));
      await store.events.append(event('logout', { actor: 'alice' }));
      const [first, second] = await store.events.list({ after: 0, limit: 10 });
      expect(first).toMatchObject({ seq: 1, prev: '0'.repeat(64), details: '{"fingerprint":"SHA256:a"}' });
      expect(second).toMatchObject({ seq: 2, prev: first?.hash });
      expect(await store.events.verify()).toEqual({ count: 2, hash: second?.hash });
      expect(await store.events.list({ after: 1, limit: 10 })).toEqual([second]);
    });

    test('one that may be written once is written once', async () => {
      for (let time = 0; time < 3; time += 1) await store.events.append(event('read', { once: 'alice r1' }));
      expect(await store.events.list({ after: 0, limit: 10 })).toHaveLength(1);
    });

    test('an event that cannot be written undoes what it was written with', async () => {
      const id = await insert(1);
      const bad = event('opened', { details: { text: 'a\u0000b' } });
      await expect(
        store.requests.transition(id, { from: ['preparing'], to: 'open', at: AT }, [bad]),
      ).rejects.toMatchObject({ code: 'CANONICAL_UNSAFE' });
      expect(await store.requests.find(id)).toMatchObject({ state: 'preparing' });
      expect((await store.events.verify()).count).toBe(1);
    });
  });

  describe('tokens, sessions and challenges', () => {
    const token = {
      id: 't1',
      name: 'ci-main',
      kind: 'ci',
      person: null,
      scopes: ['read', 'request'],
      secretSha256: digest('secret'),
      created: AT,
      expires: '2026-04-01T00:00:00.000Z',
    } as const;

    test('a token is found by its id and can be revoked once', async () => {
      await store.tokens.create(token, event('token-created'));
      expect(await store.tokens.find('t1')).toEqual({ ...token, revoked: null, lastUsed: null });
      await store.tokens.touch('t1', '2026-03-02T00:00:00.000Z');
      await store.tokens.touch('t1', '2026-03-02T00:00:30.000Z');
      expect(await store.tokens.find('t1')).toMatchObject({ lastUsed: '2026-03-02T00:00:00.000Z' });
      expect(await store.tokens.revoke('t1', AT, event('token-revoked'))).toBe(true);
      expect(await store.tokens.revoke('t1', AT, event('token-revoked'))).toBe(false);
      expect(await store.tokens.list()).toMatchObject([{ id: 't1', revoked: AT }]);
    });

    test('a name has one live token', async () => {
      await store.tokens.create(token, event('token-created'));
      await expect(store.tokens.create({ ...token, id: 't2' }, event('token-created'))).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      const later = { ...token, id: 't2', created: '2026-04-01T00:00:00.000Z', expires: '2026-05-01T00:00:00.000Z' };
      await store.tokens.create(later, event('token-created'));
      expect(await store.tokens.find('t1')).toMatchObject({ revoked: token.expires });
    });

    test('a session is kept until it ends or expires', async () => {
      const { id, secretSha256, created, expires } = token;
      const session = { id, person: 'alice', fingerprint: 'SHA256:a', secretSha256, created, expires };
      await store.sessions.create(session, event('login'));
      expect(await store.sessions.find(id)).toEqual(session);
      expect(await store.sessions.end(id, event('logout'))).toBe(true);
      expect(await store.sessions.end(id, event('logout'))).toBe(false);
      await store.sessions.create(session, event('login'));
      await store.expire(expires);
      expect(await store.sessions.find(id)).toBeNull();
    });

    test('a challenge is consumed once, and not after its time', async () => {
      const challenge = {
        sha256: digest('c'),
        text: 'c',
        person: 'alice',
        fingerprint: 'SHA256:a',
        created: AT,
        expires: '2026-03-01T10:02:00.000Z',
      };
      await store.challenges.create(challenge);
      expect(await store.challenges.consume(challenge.sha256, AT)).toEqual(challenge);
      expect(await store.challenges.consume(challenge.sha256, AT)).toBeNull();
      await store.challenges.create(challenge);
      expect(await store.challenges.consume(challenge.sha256, challenge.expires)).toBeNull();
    });
  });

  test('says that it can be read and written', async () => {
    await expect(store.check()).resolves.toBeUndefined();
    const other = await openStore(made.url);
    await other.close();
    await expect(other.check()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
