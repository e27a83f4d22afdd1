import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeLoginChallenge, NAMESPACES } from '../../../src/approval/index.js';
import { createApiToken, createAuth, revokeApiToken, type NewApiToken } from '../../../src/http/index.js';
import { signedPolicy, type SignedPolicy } from '../../../src/policy/index.js';
import { problemOf } from '../../support/http-answers.js';
import { openHttpWorld, type Answer, type HttpWorld } from '../../support/http-world.js';
import { rejectionOf } from '../../support/reject-code.js';
import { softKey } from '../../support/ssh-forge.js';

const HOUR_MS = 3_600_000;
let world: HttpWorld;

beforeAll(async () => {
  world = await openHttpWorld({ publicUrl: 'https://countersign.example/base' });
});
afterAll(() => world.close());

const read = (bearer: string): Promise<Answer> => world.call('/v1/policy', { bearer });
const dependencies = (policy: SignedPolicy = world.fixture.policy) => ({
  store: world.store,
  policy,
  now: world.clock.now(),
  actor: 'operator',
});
const wanted = (change: Partial<NewApiToken>): NewApiToken => ({
  name: 'job',
  kind: 'ci',
  person: null,
  expiresAt: new Date(world.clock.now().getTime() + HOUR_MS),
  ...change,
});

describe('bearer tokens', () => {
  it('are needed, in the form Bearer', async () => {
    const answer = await world.call('/v1/policy');
    expect(problemOf(answer)).toBe('401 UNAUTHENTICATED');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    for (const Authorization of [
      '',
      'Basic YTpi',
      'Bearer',
      'Bearer a b',
      'Bearer cst_1_2',
      'cst_0123456789abcdef_x',
    ]) {
      expect(problemOf(await world.call('/v1/policy', { headers: { Authorization } }))).toBe('401 UNAUTHENTICATED');
    }
  });

  it('are stored as a digest only', async () => {
    const bearer = await world.token({ name: 'digest-only' });
    const record = (await world.store.tokens.list()).find(({ name }) => name === 'digest-only');
    const secret = bearer.split('_').slice(2).join('_');
    expect(secret.length).toBe(43);
    expect(JSON.stringify(record)).not.toContain(secret);
    expect(record?.secretSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of an unknown id and with a wrong secret are refused alike', async () => {
    const bearer = await world.token({ name: 'alike' });
    const wrong = `${bearer.slice(0, -2)}AA`;
    const unknown = bearer.replace(/^cst_.{4}/, 'cst_0000');
    const answers = await Promise.all([wrong, unknown, bearer.replace('cst_', 'css_')].map(read));
    const said = answers.map(({ status, json }) => ({ status, ...(json as object), instance: '' }));
    expect(said[1]).toEqual(said[0]);
    expect(said[2]).toEqual(said[0]);
    expect((await read(bearer)).status).toBe(200);
  });

  it('end when they expire', async () => {
    const { bearer } = await createApiToken(wanted({ name: 'short' }), dependencies());
    expect((await read(bearer)).status).toBe(200);
    world.advance(HOUR_MS - 1000);
    expect((await read(bearer)).status).toBe(200);
    world.advance(1000);
    const answer = await read(bearer);
    expect(problemOf(answer)).toBe('401 UNAUTHENTICATED');
    expect(answer.text).toContain('expired');
  });

  it('end when they are revoked, by id or name, once', async () => {
    const byName = await createApiToken(wanted({ name: 'by-name' }), dependencies());
    const byId = await createApiToken(wanted({ name: 'by-id' }), dependencies());
    await revokeApiToken('by-name', dependencies());
    await revokeApiToken(byId.id, dependencies());
    expect(problemOf(await read(byName.bearer))).toBe('401 UNAUTHENTICATED');
    expect(problemOf(await read(byId.bearer))).toBe('401 UNAUTHENTICATED');
    expect(await rejectionOf(revokeApiToken('by-name', dependencies()))).toBe('INPUT_INVALID /token');
  });

  it('of CI ask and read; of an officer they also carry decisions', async () => {
    const scopesOf = async (bearer: string) => (await world.auth.authenticate(`Bearer ${bearer}`)).caller;
    expect(await scopesOf(await world.token({ name: 'ci-scopes' }))).toEqual({
      name: 'ci-scopes',
      kind: 'ci',
      via: 'ci',
      person: null,
      scopes: ['read', 'request'],
    });
    expect(await scopesOf(await world.token({ name: 'laptop', kind: 'person', person: 'alice' }))).toEqual({
      name: 'alice',
      kind: 'person',
      via: 'token',
      person: 'alice',
      scopes: ['read', 'request', 'decide'],
    });
    const rita = await scopesOf(await world.token({ name: 'rita-laptop', kind: 'person', person: 'rita' }));
    expect(rita.scopes).toEqual(['read', 'request']);
  });

  it.each([
    [{ name: 'alice' }, 'INPUT_INVALID /name'],
    [{ name: 'alice', kind: 'person', person: 'bob' }, 'INPUT_INVALID /name'],
    [{ name: 'Bad Name' }, 'INPUT_INVALID /name'],
    [{ kind: 'person' }, 'INPUT_INVALID /person'],
    [{ person: 'alice' }, 'INPUT_INVALID /person'],
    [{ kind: 'person', person: 'Not A Person' }, 'INPUT_INVALID /person'],
    [{ expiresAt: new Date('2020-01-01T00:00:00Z') }, 'INPUT_INVALID /expires'],
    [{ expiresAt: new Date('2030-01-01T00:00:00Z') }, 'INPUT_INVALID /expires'],
    [{ expiresAt: new Date(Number.NaN) }, 'INPUT_INVALID /expires'],
  ] satisfies [Partial<NewApiToken>, string][])('are not made as %j', async (change, expected) => {
    expect(await rejectionOf(createApiToken(wanted(change), dependencies()))).toBe(expected);
  });

  it('may be named like the officer whom they are bound to', async () => {
    const bearer = await world.token({ name: 'carol', kind: 'person', person: 'carol' });
    expect((await read(bearer)).status).toBe(200);
  });

  it('follow the policy: no decisions for who is no officer any more, no CI token with a later officer’s name', async () => {
    const { policy } = world.fixture.policy;
    const officers = policy.officers.map((officer) =>
      officer.person === 'bob' ? { ...officer, person: 'later' } : officer,
    );
    const changed = signedPolicy({ ...policy, officers });
    const auth = createAuth({ ...authDependencies(), policy: () => changed });
    const ofBob = await world.token({ name: 'bob-laptop', kind: 'person', person: 'bob' });
    expect((await auth.authenticate(`Bearer ${ofBob}`)).caller.scopes).toEqual(['read', 'request']);
    const later = await world.token({ name: 'later' });
    expect(await rejectionOf(auth.authenticate(`Bearer ${later}`))).toContain('UNAUTHENTICATED');
    const session = await world.session('bob');
    expect(await rejectionOf(auth.authenticate(`Bearer ${session}`))).toContain('UNAUTHENTICATED');
  });
});

describe('signing in', () => {
  const challenge = async (line = officer('alice').line): Promise<string> => {
    const answer = await world.call('/v1/login/challenge', { body: { publicKey: line } });
    expect(answer.status).toBe(200);
    return (answer.json as { challenge: string }).challenge;
  };
  const login = (text: string, sshsig: string) => world.call('/v1/login', { body: { challenge: text, sshsig } });
  const officer = (person: string) => {
    const key = world.fixture.officers.get(person);
    if (key === undefined) throw new Error(person);
    return key;
  };

  it('gives a session that expires', async () => {
    const text = await challenge();
    const answer = await login(text, officer('alice').sign(NAMESPACES.login, text));
    expect(answer.json).toMatchObject({ person: 'alice' });
    const { session, expires } = answer.json as { session: string; expires: string };
    expect(Date.parse(expires) - world.clock.now().getTime()).toBe(8 * HOUR_MS);
    expect((await world.auth.authenticate(`Bearer ${session}`)).caller).toEqual({
      name: 'alice',
      kind: 'person',
      via: 'login',
      person: 'alice',
      scopes: ['read', 'request', 'decide'],
    });
    world.advance(8 * HOUR_MS);
    expect(problemOf(await read(session))).toBe('401 UNAUTHENTICATED');
  });

  it('that began while the clock was a year ahead is worth nothing once the clock is right', async () => {
    const yearMs = 365 * 24 * HOUR_MS;
    world.advance(yearMs);
    const ahead = await world.session('alice');
    expect((await read(ahead)).status).toBe(200);
    world.advance(-yearMs);
    const answer = await read(ahead);
    expect(problemOf(answer)).toBe('401 UNAUTHENTICATED');
    expect(answer.text).toContain('has not come yet');
    expect((await read(await world.session('alice'))).status).toBe(200);
  });

  it('names service, address and time in the challenge', async () => {
    const text = await challenge();
    expect(JSON.parse(text)).toMatchObject({
      _type: 'countersign/login',
      service: world.fixture.pins.policySha256,
      url: 'https://countersign.example/base',
    });
  });

  it('ends with a logout', async () => {
    const session = await world.session('bob');
    await world.client(session).logout();
    expect(problemOf(await read(session))).toBe('401 UNAUTHENTICATED');
    const ci = await world.token({ name: 'no-logout' });
    expect(problemOf(await world.call('/v1/logout', { method: 'POST', bearer: ci }))).toBe('403 FORBIDDEN');
  });

  it('takes a challenge once', async () => {
    const text = await challenge();
    const sshsig = officer('alice').sign(NAMESPACES.login, text);
    expect((await login(text, sshsig)).status).toBe(200);
    expect(problemOf(await login(text, sshsig))).toBe('401 LOGIN_FAILED');
  });

  it('takes no challenge that failed before', async () => {
    const text = await challenge();
    expect(problemOf(await login(text, officer('bob').sign(NAMESPACES.login, text)))).toBe('401 LOGIN_FAILED');
    expect(problemOf(await login(text, officer('alice').sign(NAMESPACES.login, text)))).toBe('401 LOGIN_FAILED');
  });

  it('takes no challenge after its time', async () => {
    const text = await challenge();
    world.advance(301_000);
    expect(problemOf(await login(text, officer('alice').sign(NAMESPACES.login, text)))).toBe('401 LOGIN_FAILED');
  });

  it('takes no challenge of another service, and none made up', async () => {
    const text = encodeLoginChallenge({
      service: 'ab'.repeat(32),
      nonce: 'cd'.repeat(32),
      expires: '2026-12-31T00:00:00Z',
    }).toString('utf8');
    expect(problemOf(await login(text, officer('alice').sign(NAMESPACES.login, text)))).toBe('401 LOGIN_FAILED');
  });

  it('takes no signature of another purpose or over other bytes', async () => {
    const first = await challenge();
    expect(problemOf(await login(first, officer('alice').sign(NAMESPACES.approve, first)))).toBe('401 LOGIN_FAILED');
    const second = await challenge();
    expect(problemOf(await login(second, officer('alice').sign(NAMESPACES.login, `${second} `)))).toBe(
      '401 LOGIN_FAILED',
    );
    const third = await challenge();
    expect(problemOf(await login(third, 'no signature'))).toBe('400 SSHSIG_INVALID');
  });

  it('gives strangers a challenge that is worth nothing', async () => {
    const stranger = softKey('ssh-ed25519');
    const text = await challenge(stranger.line);
    expect(problemOf(await login(text, stranger.sign(NAMESPACES.login, text)))).toBe('401 LOGIN_FAILED');
  });

  it('tells what is no public key', async () => {
    const answer = await world.call('/v1/login/challenge', { body: { publicKey: 'ssh-dss AAAA' } });
    expect(problemOf(answer)).toContain('400 SSH_KEY_INVALID');
  });

  it('stands in the event log, without secrets', async () => {
    const session = await world.session('carol');
    const events = await world.store.events.list({ after: 0, limit: 1000 });
    const mine = events.filter(({ actor, type }) => actor === 'carol' && type === 'login');
    expect(mine.length).toBe(1);
    const secret = session.split('_').slice(2).join('_');
    expect(JSON.stringify(events)).not.toContain(secret);
    expect(world.logger.lines.join('\n')).not.toContain(secret);
  });
});

function authDependencies() {
  return {
    store: world.store,
    policy: () => world.fixture.policy,
    clock: world.clock,
    service: world.fixture.pins.policySha256,
    sessionMinutes: 480,
  };
}
