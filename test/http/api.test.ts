import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { RequestView, SubmissionWire } from '../../src/api/index.js';
import { NAMESPACES } from '../../src/approval/index.js';
import { CountersignError } from '../../src/errors.js';
import { readDossierLines, verifyDossier } from '../../src/dossier/index.js';
import { parseTargets } from '../../src/tuf/index.js';
import { expectAsPromised, problemOf } from '../support/http-answers.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

let world: HttpWorld;
let ci: string;
let alice: string;
let bob: string;

const WAVES = '/v1/factories/acme/waves';
const intention = { name: 'w42', version: 42, tag: 'production', reason: 'Sicherheits-Fixes für Juni' };

beforeAll(async () => {
  world = await openHttpWorld();
  ci = await world.token();
  alice = await world.session('alice');
  bob = await world.session('bob');
});
afterAll(() => world.close());

describe('a Wave over HTTP', () => {
  let request: RequestView;

  it('answers a dry run with what would be signed, and stores nothing', async () => {
    const answer = await world.call(WAVES, { bearer: ci, body: { ...intention, dryRun: true } });
    expectAsPromised('submitWave', answer);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ created: false, preview: { summary: { version: 42, tag: 'production' } } });
    expect((await world.client(ci).requests()).items).toEqual([]);
  });

  it('accepts a Wave with 202, Location and Retry-After', async () => {
    const answer = await world.call(WAVES, { bearer: ci, body: intention });
    expect(answer.status).toBe(202);
    expectAsPromised('submitWave', answer);
    const submission = answer.json as SubmissionWire;
    expect(submission.created).toBe(true);
    request = submission.request;
    expect(request).toMatchObject({ state: 'open', reason: intention.reason, requester: { name: 'ci', via: 'ci' } });
    expect(answer.headers.get('location')).toBe(`/v1/requests/${request.id}`);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('answers the same submission with the same request', async () => {
    const answer = await world.call(WAVES, { bearer: ci, body: intention });
    expect(answer.json).toMatchObject({ created: false, request: { id: request.id } });
  });

  it('points at the tag when another Wave holds it', async () => {
    const answer = await world.call(WAVES, { bearer: ci, body: { ...intention, name: 'other' } });
    expect(problemOf(answer)).toBe('409 REQUEST_OPEN_EXISTS /tag');
  });

  it('lists and shows it', async () => {
    const list = await world.call('/v1/requests?state=open&factory=acme&tag=production&limit=1', { bearer: alice });
    expectAsPromised('listRequests', list);
    expect(list.json).toMatchObject({ items: [{ id: request.id }], next: null });
    const one = await world.call(`/v1/requests/${request.id}`, { bearer: ci });
    expectAsPromised('getRequest', one);
    expect(one.json).toEqual(request);
    const waiting = await world.client(alice).requests({ waitingFor: 'alice' });
    expect(waiting.items.map(({ id }) => id)).toEqual([request.id]);
  });

  it('serves the exact statement with its digest', async () => {
    const answer = await world.call(`/v1/requests/${request.id}/statement`, { bearer: alice });
    expectAsPromised('getStatement', answer);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const digest = createHash('sha256').update(answer.text, 'utf8').digest();
    expect(digest.toString('hex')).toBe(request.statementSha256);
    expect(answer.headers.get('x-statement-sha256')).toBe(request.statementSha256);
    expect(answer.headers.get('content-digest')).toBe(`sha-256=:${digest.toString('base64')}:`);
  });

  it('streams a dossier that verifies', async () => {
    const answer = await world.call(`/v1/requests/${request.id}/dossier`, { bearer: alice });
    expectAsPromised('getDossier', answer);
    const lines = readDossierLines([Buffer.from(answer.text, 'utf8')]);
    const verified = await verifyDossier(lines, world.fixture.pins, world.clock.now());
    expect(verified.statementSha256).toBe(request.statementSha256);
  });

  it('shows the diff as JSON or, where Accept prefers it, as text', async () => {
    const path = `/v1/requests/${request.id}/diff`;
    const asJson = await world.call(path, { bearer: ci });
    expectAsPromised('getDiff', asJson);
    const asText = await world.call(path, { bearer: ci, headers: { Accept: 'text/plain, application/json;q=0.5' } });
    expectAsPromised('getDiff', asText);
    expect(asText.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(asJson.json).toMatchObject({ text: asText.text });
  });

  it('has no signed metadata before the quorum', async () => {
    expect(problemOf(await world.call(`/v1/requests/${request.id}/signed`, { bearer: ci }))).toBe('409 REQUEST_STATE');
  });

  it('has no evidence before anything is signed', async () => {
    const path = `/v1/requests/${request.id}/evidence`;
    expect(problemOf(await world.call(path, { bearer: ci }))).toBe('409 REQUEST_STATE');
  });

  it('takes no approval from a CI token, nor one that is signed for another purpose', async () => {
    const path = `/v1/requests/${request.id}/approvals`;
    const statement = await world.client(ci).statement(request.id);
    const sshsig = world.fixture.approve('alice', statement);
    expect(problemOf(await world.call(path, { bearer: ci, body: { sshsig } }))).toBe('403 FORBIDDEN');
    const login = world.fixture.sshsig('alice', NAMESPACES.login, statement);
    expect(problemOf(await world.call(path, { bearer: alice, body: { sshsig: login } }))).toBe('422 SSHSIG_NAMESPACE');
    expect(problemOf(await world.call(path, { bearer: alice, body: { sshsig: 'x' } }))).toBe('400 SSHSIG_INVALID');
    expect(problemOf(await world.call(path, { bearer: bob, body: { sshsig } }))).toBe('403 FORBIDDEN');
  });

  it('takes approvals, signs, delivers, and serves the signed metadata', async () => {
    for (const [person, bearer] of [
      ['alice', alice],
      ['bob', bob],
    ] as const) {
      const statement = await world.client(bearer).statement(request.id);
      const sshsig = world.fixture.approve(person, statement);
      const answer = await world.call(`/v1/requests/${request.id}/approvals`, { bearer, body: { sshsig } });
      expectAsPromised('approve', answer);
    }
    await world.settle();
    const done = await world.client(ci).request(request.id);
    expect(done).toMatchObject({ state: 'delivered', progress: 'done', quorum: { persons: ['alice', 'bob'] } });
    const signed = await world.call(`/v1/requests/${request.id}/signed`, { bearer: ci });
    expectAsPromised('getSigned', signed);
    expect(parseTargets(Buffer.from(signed.text)).signed.version).toBe(42);
    expect(parseTargets(Buffer.from(signed.text)).sha256).toBe(request.documents[0]?.sha256);
  });

  it('streams evidence that verifies, with the signer’s journal, and notes once who read it', async () => {
    const path = `/v1/requests/${request.id}/evidence`;
    const answer = await world.call(path, { bearer: alice });
    expectAsPromised('getEvidence', answer);
    await world.call(path, { bearer: alice });
    const lines = readDossierLines([Buffer.from(answer.text, 'utf8')]);
    const verified = await verifyDossier(lines, world.fixture.pins, new Date('2050-01-01T00:00:00Z'));
    expect(verified).toMatchObject({ statementSha256: request.statementSha256, journal: { others: 0 } });
    const { items } = await world.client(ci).events({ limit: 200 });
    expect(items.filter(({ type, details }) => type === 'read' && details['what'] === 'evidence')).toHaveLength(1);
    world.broken.signer = new CountersignError('SIGNER_UNAVAILABLE', 'gone');
    const without = await world.call(path, { bearer: alice });
    world.broken.signer = null;
    expect(problemOf(without)).toBe('503 SIGNER_UNAVAILABLE');
  });

  it('refuses a cancellation of what is delivered', async () => {
    const answer = await world.call(`/v1/requests/${request.id}/cancellation`, { method: 'POST', bearer: alice });
    expect(problemOf(answer)).toBe('409 REQUEST_STATE');
  });
});

describe('rejecting and cancelling over HTTP', () => {
  it('takes an officer’s signed rejection', async () => {
    const asked = await world.client(ci).submitWave('acme', { ...intention, name: 'w43', version: 43, tag: 'staging' });
    const statement = await world.client(bob).statement(asked.request.id);
    const { text, sshsig } = world.fixture.reject('bob', statement, 'Wrong week');
    const path = `/v1/requests/${asked.request.id}/rejections`;
    const answer = await world.call(path, { bearer: bob, body: { rejection: text, sshsig } });
    expectAsPromised('reject', answer);
    expect(answer.json).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
    const signed = await world.call(`/v1/requests/${asked.request.id}/signed`, { bearer: ci });
    expect(problemOf(signed)).toBe('409 REQUEST_STATE');
    expect(signed.text).toContain('rejected');
  });

  it('lets a requester take a request back, with a reason or without a body', async () => {
    for (const body of [undefined, { reason: 'not now' }]) {
      const asked = await world
        .client(ci)
        .submitWave('acme', { ...intention, name: 'w44', version: 44, tag: 'staging' });
      const answer = await world.call(`/v1/requests/${asked.request.id}/cancellation`, {
        method: 'POST',
        bearer: ci,
        ...(body === undefined ? {} : { body }),
      });
      expectAsPromised('cancel', answer);
      expect(answer.json).toMatchObject({ state: 'closed', closedBecause: 'cancelled' });
    }
  });
});

describe('submitting the metadata itself', () => {
  const entry = () => {
    const { targets, ...rest } = world.fixture.base.ciTargets;
    const wanted = Object.entries(targets).filter(([, { custom }]) => custom?.['version'] === '44');
    return {
      ...rest,
      version: 44,
      expires: '2027-06-01T00:00:00Z',
      targets: Object.fromEntries(
        wanted.map(([name, it]) => [name, { ...it, custom: { ...it.custom, tags: ['beta'] } }]),
      ),
    };
  };
  const form = { name: 'w44', tag: 'beta', reason: 'Grüße', dryRun: true };
  const submit = (targets: string) =>
    world.call(WAVES, { bearer: ci, body: `${JSON.stringify(form).slice(0, -1)},"targets":${targets}}` });

  it.each([true, false])('takes it in any order and with blanks, in an envelope: %s', async (enveloped) => {
    const signed = JSON.stringify(entry(), null, 2);
    const answer = await submit(enveloped ? `{"signed":${signed},"signatures":[]}` : signed);
    expect(answer.status).toBe(200);
    expectAsPromised('submitWave', answer);
    expect(answer.json).toMatchObject({
      request: { wave: { version: 44 }, documents: [{ expires: '2027-06-01T00:00:00Z' }] },
    });
  });

  it.each([
    [
      'a duplicate member',
      (text: string) => text.replace('"version":44', '"version":44,"version":44'),
      '400 JSON_DUPLICATE_KEY /targets/signed/version',
    ],
    [
      'a float',
      (text: string) => text.replace('"version":44', '"version":44.0'),
      '422 CANONICAL_UNSAFE /targets/signed/version',
    ],
    ['an unsafe character', (text: string) => text.replace('"beta"', '"bêta"'), '422 CANONICAL_UNSAFE'],
    [
      'a member that no change can say',
      (text: string) => text.replace('"version":44', '"version":44,"x":1'),
      '422 WAVE_CHANGE_INEXPRESSIBLE /targets/signed/x',
    ],
    [
      'a broken form',
      (text: string) => text.replace('"version":44', '"version":"44"'),
      '422 METADATA_INVALID /targets/signed/version',
    ],
    [
      'an expiry beyond the policy',
      (text: string) => text.replace('2027-06', '2037-06'),
      '422 EXPIRES_BEYOND_POLICY /targets/signed/expires',
    ],
    ['an array', () => '[]', '400 INPUT_INVALID /targets'],
    ['half of it', (text: string) => text.slice(0, 50), '400 JSON_INVALID'],
  ])('refuses %s and points at it', async (_what, change, expected) => {
    const answer = await submit(change(`{"signed":${JSON.stringify(entry())},"signatures":[]}`));
    expect(problemOf(answer)).toContain(expected);
  });

  it('refuses a version beside it that it does not have', async () => {
    const body = { ...form, version: 45, targets: entry() };
    expect(problemOf(await world.call(WAVES, { bearer: ci, body }))).toBe('400 INPUT_INVALID /version');
  });

  it('sends a file through the client byte for byte', async () => {
    const targets = `\n${JSON.stringify(entry(), null, 1)}\n`;
    const { preview } = await world.client(ci).submitWave('acme', { ...form, version: 44, targets });
    expect(preview?.summary.version).toBe(44);
  });
});

describe('pointers of a refused intention', () => {
  it.each([
    [{ version: 99 }, '422 WAVE_VERSION_UNKNOWN /version'],
    [{ version: 40 }, '422 WAVE_VERSION_NOT_HIGHER /version'],
    [{ sourceTag: 'nobody' }, '422 WAVE_NO_TARGETS /sourceTag'],
    [{ prune: [39] }, '422 WAVE_PRUNE_UNKNOWN /prune'],
    [{ prune: [45] }, '422 WAVE_PRUNE_SELF /prune'],
    [{ expires: '2037-01-01T00:00:00Z' }, '422 EXPIRES_BEYOND_POLICY /expires'],
    [{ expires: 'tomorrow' }, '400 INPUT_INVALID /expires'],
    [{ tag: '../x' }, '400 INPUT_INVALID /tag'],
    [{ name: 'a b' }, '400 INPUT_INVALID /name'],
    [{ reason: 'two\nlines' }, '400 INPUT_INVALID /reason'],
    [{ reason: '\u202Egnp' }, '400 INPUT_INVALID /reason'],
    [{ versoin: 1 }, '400 INPUT_INVALID /versoin'],
    [{ version: '42' }, '400 INPUT_INVALID /version'],
  ])('%j is refused as %s', async (change, expected) => {
    const body = { ...intention, name: 'w45', version: 45, dryRun: true, ...change };
    expect(problemOf(await world.call(WAVES, { bearer: ci, body }))).toBe(expected);
  });

  it('does not know a Factory that the policy does not name', async () => {
    const answer = await world.call('/v1/factories/other/waves', { bearer: ci, body: intention });
    expect(problemOf(answer)).toBe('404 FACTORY_NOT_IN_POLICY');
  });

  it('tells which Idempotency-Key was used for something else', async () => {
    const headers = { 'Idempotency-Key': 'build-1' };
    const body = { ...intention, name: 'k1', version: 45, tag: 'keys' };
    const first = await world.call(WAVES, { bearer: ci, body, headers });
    const again = await world.call(WAVES, { bearer: ci, body, headers });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect((again.json as SubmissionWire).request.id).toBe((first.json as SubmissionWire).request.id);
    const other = await world.call(WAVES, { bearer: ci, body: { ...body, reason: 'another' }, headers });
    expect(problemOf(other)).toBe('422 IDEMPOTENCY_CONFLICT');
    const blank = await world.call(WAVES, { bearer: ci, body, headers: { 'Idempotency-Key': 'a b' } });
    expect(problemOf(blank)).toBe('400 INPUT_INVALID');
  });
});

describe('the service’s own state', () => {
  it('shows keys, policy and events', async () => {
    const keys = await world.call('/v1/keys', { bearer: ci });
    expectAsPromised('listKeys', keys);
    const policy = await world.call('/v1/policy', { bearer: ci });
    expectAsPromised('getPolicy', policy);
    expect(policy.json).toMatchObject({ version: 1, sha256: world.fixture.policy.sha256 });
    const events = await world.call('/v1/events?limit=2', { bearer: ci });
    expectAsPromised('listEvents', events);
    const { items, next } = events.json as { items: { seq: number }[]; next: number };
    expect(items.length).toBe(2);
    expect(next).toBe(items[1]?.seq);
    const after = await world.client(ci).events({ after: next, limit: 1 });
    expect(after.items[0]?.seq).toBe(next + 1);
  });

  it('answers health and the document without a sign-in', async () => {
    expectAsPromised('health', await world.call('/healthz'));
    const document = await world.call('/openapi.json');
    expect(document.json).toMatchObject({ openapi: '3.1.0' });
  });

  it('says what is not ready with 503, and recovers', async () => {
    const ready = await world.call('/readyz');
    expectAsPromised('readiness', ready);
    expect(ready.status).toBe(200);
    world.broken.signer = signerGone();
    world.advance(5000);
    const not = await world.call('/readyz');
    expect(not.status).toBe(503);
    expectAsPromised('readiness', not);
    expect(not.json).toMatchObject({ ready: false });
    expect(await world.client().readiness()).toMatchObject({ ready: false });
    expect(not.text).toContain('SIGNER_UNAVAILABLE');
    expect(problemOf(await world.call('/v1/keys', { bearer: ci }))).toBe('503 SIGNER_UNAVAILABLE');
    world.broken.signer = null;
    world.advance(5000);
    expect((await world.call('/readyz')).status).toBe(200);
  });
});

function signerGone() {
  return new CountersignError('SIGNER_UNAVAILABLE', 'the signer does not answer');
}
