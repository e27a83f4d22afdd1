import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createApiToken, createAuth, createHttpApp, startHttpServer, type HttpServer } from '../../src/http/index.js';
import { NAMESPACES } from '../../src/approval/index.js';
import { CI, officer, openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { rejectionOf } from '../support/reject-code.js';
import { softKey } from '../support/ssh-forge.js';

/** One requester is the attacker: a person's token, or CI's, over the HTTP API. */

const HOUR_MS = 3_600_000;
let world: AttackWorld;
let http: HttpServer;
beforeEach(async () => {
  world = await openAttackWorld();
  const { service: signing, store, clock, logger, fixture } = world;
  const service = fixture.pins.policySha256;
  const auth = createAuth({ store, policy: () => fixture.policy, clock, service, sessionMinutes: 60 });
  const limits = { maxBodyBytes: 1e6, maxWaitSeconds: 1, requestsPerMinute: 1e5, loginsPerMinute: 1e5 };
  const app = createHttpApp({ signing, auth, logger, clock, limits, trustProxy: false });
  http = await startHttpServer(app, { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await http.close(1000);
  await world.end();
});

async function tokenOf(kind: 'ci' | 'person', name: string, hours = 1): Promise<string> {
  const now = world.clock.now();
  const expiresAt = new Date(now.getTime() + hours * HOUR_MS);
  const person = kind === 'person' ? name : null;
  const from = { store: world.store, policy: world.fixture.policy, now, actor: 'operator' };
  return (await createApiToken({ name: kind === 'person' ? `${name}-token` : name, kind, person, expiresAt }, from))
    .bearer;
}

async function call(
  path: string,
  bearer: string,
  body?: object,
): Promise<{ status: number; code: unknown; text: string }> {
  const answer = await fetch(`${http.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const code = /"code":"([A-Z_]+)"/.exec(text)?.[1];
  return { status: answer.status, code, text };
}

async function nothingSigned(): Promise<void> {
  await world.service.reconcile();
  expect(world.token.signed).toEqual([]);
}

describe('a CI token', () => {
  test('asks, and decides nothing: not with a stolen approval, not with one of its own', async () => {
    const bearer = await tokenOf('ci', 'ci-main');
    const id = await world.ask();
    const statement = await world.service.statement(id);
    for (const sshsig of [
      world.fixture.approve('alice', statement),
      softKey('ssh-ed25519').sign(NAMESPACES.approve, statement),
    ]) {
      const { status, code } = await call(`/v1/requests/${id}/approvals`, bearer, { sshsig });
      expect([status, code]).toEqual([403, 'FORBIDDEN']);
    }
    const { text: rejection, sshsig } = world.fixture.reject('alice', statement, 'no');
    expect(await call(`/v1/requests/${id}/rejections`, bearer, { rejection, sshsig })).toMatchObject({ status: 403 });
    await nothingSigned();
  });

  test('cannot be named like an officer, so that no statement seems to be asked for by one', async () => {
    expect(await rejectionOf(tokenOf('ci', 'alice'))).toMatch(/^INPUT_INVALID/);
  });

  test('is worth nothing once it is expired, revoked, or with another secret', async () => {
    const bearer = await tokenOf('ci', 'ci-main');
    expect((await call('/v1/requests', bearer)).status).toBe(200);
    const other = bearer.slice(0, -4) + (bearer.endsWith('AAAA') ? 'BBBA' : 'AAAA');
    expect(await call('/v1/requests', other)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    const [token] = await world.store.tokens.list();
    const at = '2026-11-22T16:00:00Z';
    const event = { at, actor: 'operator', type: 'token-revoked', request: null, details: {} } as const;
    await world.store.tokens.revoke(token?.id ?? '', at, event);
    expect(await call('/v1/requests', bearer)).toMatchObject({ status: 401 });
    const short = await tokenOf('ci', 'ci-short');
    world.clock.time = new Date(world.clock.time.getTime() + 2 * HOUR_MS);
    expect(await call('/v1/requests', short)).toMatchObject({ status: 401 });
  });

  test('is not stored: the table has nothing that lets anybody in', async () => {
    const bearer = await tokenOf('ci', 'ci-main');
    const [token] = await world.store.tokens.list();
    expect(JSON.stringify(token)).not.toContain(bearer.slice(-43));
    expect(await call('/v1/requests', `cst_${token?.id}_${token?.secretSha256.slice(0, 43)}`)).toMatchObject({
      status: 401,
    });
  });
});

describe('an officer who asks', () => {
  test('does not approve it, by token or sign-in', async () => {
    const bearer = await tokenOf('person', 'alice');
    const wave = { name: 'w42', version: 42, tag: 'production', reason: 'mine' };
    const asked = await call('/v1/factories/acme/waves', bearer, wave);
    expect(asked.status).toBe(202);
    const id = /req_[0-9a-z]{26}/.exec(asked.text)?.[0] ?? '';
    const sshsig = world.fixture.approve('alice', await world.service.statement(id));
    const { status, code } = await call(`/v1/requests/${id}/approvals`, bearer, { sshsig });
    expect([status, code]).toEqual([409, 'APPROVAL_NOT_COUNTED']);
    const signedIn = world.service.approve(id, { sshsig }, officer('alice'));
    expect(await rejectionOf(signedIn)).toMatch(/^APPROVAL_NOT_COUNTED/);
    await world.approve(id, 'bob');
    await nothingSigned();
  });
});

describe('what is asked for', () => {
  const bytesOf = () => {
    const { document } = world.wave();
    return document.toString('utf8');
  };

  const submit = (text: string) => {
    const submission = { factory: 'acme', name: 'w42', tag: 'production', reason: 'a fix' };
    return rejectionOf(world.service.submitWave({ ...submission, targets: Buffer.from(text) }, CI));
  };

  test('as the document that the changes give is taken', async () => {
    expect(await submit(bytesOf())).toBe('RESOLVED');
    await nothingSigned();
  });

  test.each<[string, (text: string) => string]>([
    ['a Target that CI never built', (text) => text.replace('intel-corei7-64-lmp-42', 'intel-corei7-64-lmp-99')],
    ['another image', (text) => text.replace(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000')],
    ['another application', (text) => text.replace(/dash@sha256:[0-9a-f]{8}/, 'dash@sha256:00000000')],
    ['an unknown member', (text) => text.replace('"_type":"Targets"', '"_type":"Targets","delegations":{}')],
    ['a root as targets', (text) => text.replace('"Targets"', '"Root"')],
    ['a second tag', (text) => text.replace('"tags":["production"]', '"tags":["production","staging"]')],
  ])('as a document with %s is refused before anybody is asked', async (_what, change) => {
    const before = bytesOf();
    const text = change(before);
    expect(text).not.toBe(before);
    expect(await submit(text)).not.toBe('RESOLVED');
    expect((await world.service.list({ limit: 10 })).items).toEqual([]);
    await nothingSigned();
  });

  test('cannot hide words from officers: no control or format characters in a reason', async () => {
    const reason = 'a fix \u202E.txt';
    expect(await rejectionOf(world.ask({ reason }))).toMatch(/^(CANONICAL_UNSAFE|INPUT_INVALID)/);
  });
});
