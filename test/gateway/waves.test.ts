import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectFioctl, FioctlError, type FioctlConnection } from '../../scripts/demo/fioctl-connection.js';
import { signOffline } from '../../src/offline-keys/index.js';
import type { RequestView } from '../../src/signing/index.js';
import { parseTargets, type Signature } from '../../src/tuf/index.js';
import { buildWave, FACTORY } from '../support/sandbox.js';
import { person } from '../signing/world.js';
import { createGatewayWorld, type Engineer, type GatewayWorld } from './gateway-world.js';

/** Erin and frank are engineers with request keys, alice, bob and carol the officers. Each test has a tag of its own. */

const Q = `/ota/factories/${FACTORY}`;
const P = `/ota/repo/${FACTORY}/api/v1/user_repo`;
const ACCOUNTS: Record<Engineer, string> = { erin: 'alice', frank: 'bob' };

let world: GatewayWorld;
beforeAll(async () => {
  world = await createGatewayWorld();
});
afterAll(() => world.end());

async function requestsFor(tag: string): Promise<readonly RequestView[]> {
  return (await world.service.list({ tag, limit: 100 })).items;
}

/** The request that a call under way opens. */
async function opened(tag: string): Promise<RequestView> {
  for (;;) {
    const open = (await requestsFor(tag)).find(({ state }) => state === 'open');
    if (open !== undefined) return open;
    await new Promise(setImmediate);
  }
}

async function deliver({ id }: { id: string }): Promise<void> {
  await world.approve(id);
  await world.service.reconcile();
}

async function refusalOf(work: Promise<unknown>): Promise<{ status: number; lines: string[] }> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FioctlError)) throw new Error('it was not refused', { cause: error });
  return { status: error.status, lines: error.message.split('\n') };
}

function connection(account: string, extraHeaders = {}): FioctlConnection {
  return connectFioctl({ url: world.url, factory: FACTORY, token: world.sandbox.token(account), extraHeaders });
}

/** The bytes of `waves init` for the offline key's keyid, signed by whatever `sign` says. */
async function waveBody(tag: string, sign: (bytes: Buffer, keyid: string) => Signature[] | Promise<Signature[]>) {
  const bytes = await buildWave(world.sandbox.client('bob'), 40, tag);
  const keyid = world.keys.targets[0]?.keyid ?? '';
  const targets = { signed: JSON.parse(bytes.toString()) as object, signatures: await sign(bytes, keyid) };
  return { name: `w-${tag}`, version: '40', tag, targets };
}

async function signAs(engineer: Engineer, bytes: Buffer, keyid: string): Promise<Signature[]> {
  const [, targets] = await world.keysOf(engineer);
  return targets === undefined ? [] : [signOffline(targets, keyid, bytes)];
}

test('a Wave is refused with whom it waits for, and succeeds once it was approved and is there', async () => {
  const erin = await world.fioctl('erin');
  const refused = await refusalOf(erin.initWave('w-first', 40, 'first'));
  const [request, ...others] = await requestsFor('first');
  if (request === undefined) throw new Error('nothing was asked for');
  expect(others).toEqual([]);
  expect(request).toMatchObject({ state: 'open', requester: { name: 'erin', via: 'fioctl' } });
  expect(request.reason).toBe('fioctl waves init w-first 40 first');
  expect(refused).toEqual({
    status: 423,
    lines: [
      expect.stringContaining('423'),
      `= Wave w-first waits for approval (request ${request.id})`,
      ` * Request ${request.id}, asked for by erin, is open until ${request.expires}`,
      ' * 2 of these must approve: alice, bob, carol',
      ` * Each runs: countersign review ${request.id}, then: countersign approve ${request.id}`,
      ' * Run the same command again: it succeeds once the Wave is at the Factory',
    ],
  });
  await deliver(request);
  await erin.initWave('w-first', 40, 'first');
  expect(await world.sandbox.client('bob').wave('w-first')).toMatchObject({ status: 'active', version: 40 });
  expect(await requestsFor('first')).toHaveLength(1);
});

test('the same command again writes another expiry, and is the same request', async () => {
  const erin = await world.fioctl('erin');
  for (const expires of ['2027-11-01T00:00:00Z', '2027-10-01T00:00:00Z']) {
    expect(await refusalOf(erin.initWave('w-again', 40, 'again', expires))).toMatchObject({ status: 423 });
  }
  const requests = await requestsFor('again');
  expect(requests.map(({ documents }) => documents[0]?.expires)).toEqual(['2027-11-01T00:00:00Z']);
});

test('with Prefer: wait it is held until the Wave is there', async () => {
  const erin = await world.fioctl('erin', { Prefer: 'wait=60', 'X-Countersign-Reason': 'ticket 7: größer' });
  const waiting = erin.initWave('w-held', 40, 'held');
  const request = await opened('held');
  expect(request.reason).toBe('ticket 7: größer');
  await deliver(request);
  await waiting;
  expect(erin.exchanges.at(-1)).toMatchObject({ method: 'POST', status: 200 });
});

test('who waits is told of a rejection, and may ask again', async () => {
  const erin = await world.fioctl('erin', { Prefer: 'wait=60' });
  const waiting = refusalOf(erin.initWave('w-no', 40, 'no'));
  const { id } = await opened('no');
  const { text, sshsig } = world.fixture.reject('alice', await world.service.statement(id), 'not on a Friday');
  await world.service.reject(id, { rejection: text, sshsig }, person('alice'));
  await world.service.reconcile();
  expect(await waiting).toEqual({
    status: 422,
    lines: [
      expect.stringContaining('422'),
      `= Wave w-no was not delivered: an officer rejected it (request ${id})`,
      ' * Rejected by alice: not on a Friday',
    ],
  });
  await refusalOf((await world.fioctl('erin')).initWave('w-no', 40, 'no'));
  expect((await opened('no')).id).not.toBe(id);
});

test('two engineers who ask for the same Wave at once make one request, and the other is told whose it is', async () => {
  const [erin, frank] = [await world.fioctl('erin'), await world.fioctl('frank')];
  const refused = await Promise.all([erin, frank].map((fioctl) => refusalOf(fioctl.initWave('w-both', 40, 'both'))));
  const [request, ...others] = await requestsFor('both');
  expect(others).toEqual([]);
  expect(refused.map(({ status }) => status).sort()).toEqual([409, 423]);
  const told = refused.find(({ status }) => status === 409)?.lines[1];
  expect(told).toBe(`= ${request?.requester.name} has asked for this Wave w-both before (request ${request?.id})`);
  if (request !== undefined) await deliver(request);
  const [first, second] = request?.requester.name === 'erin' ? [erin, frank] : [frank, erin];
  await first.initWave('w-both', 40, 'both');
  expect(await refusalOf(second.initWave('w-both', 40, 'both'))).toMatchObject({ status: 409 });
});

test('another Wave for a tag whose request is open is refused with that request', async () => {
  await refusalOf((await world.fioctl('erin')).initWave('w-one', 40, 'one'));
  const { id } = await opened('one');
  const { status, lines } = await refusalOf((await world.fioctl('frank')).initWave('w-two', 41, 'one'));
  expect([status, lines.join()]).toEqual([409, expect.stringContaining(id)]);
});

test.each<[string, (bytes: Buffer, keyid: string) => Signature[] | Promise<Signature[]>]>([
  ['by nothing', () => []],
  ['by the offline key itself', (bytes) => [world.keys.targets[0]?.sign(bytes) ?? { keyid: '', method: '', sig: '' }]],
  ['by another engineer’s request key', (bytes, keyid) => signAs('frank', bytes, keyid)],
  ['over other bytes', (bytes, keyid) => signAs('erin', Buffer.concat([bytes, bytes]), keyid)],
  ['under a keyid that was not shown', (bytes) => signAs('erin', bytes, 'ab'.repeat(32))],
])('a Wave that is signed %s opens no request', async (_how, sign) => {
  await world.keysOf('erin');
  const body = await waveBody('unsigned', sign);
  const { status, lines } = await refusalOf(connection(ACCOUNTS.erin).call('POST', `${Q}/waves/`, body));
  expect([status, lines.length > 1]).toEqual([403, true]);
  expect(await requestsFor('unsigned')).toEqual([]);
});

test('a stolen keys file is worth nothing without its owner’s token, nor that token without the file', async () => {
  const body = await waveBody('stolen', (bytes, keyid) => signAs('erin', bytes, keyid));
  const withoutToken = connectFioctl({ url: world.url, factory: FACTORY, token: 'made-up-token' });
  expect((await refusalOf(withoutToken.call('POST', `${Q}/waves/`, body))).status).toBe(401);
  expect((await refusalOf(connection('dave').call('POST', `${Q}/waves/`, body))).status).toBe(403);
  expect((await refusalOf(connection(ACCOUNTS.frank).call('POST', `${Q}/waves/`, body))).status).toBe(403);
  expect(await requestsFor('stolen')).toEqual([]);
});

test('the keys file at the Factory itself is refused there', async () => {
  const body = await waveBody('direct', (bytes, keyid) => signAs('erin', bytes, keyid));
  const direct = connectFioctl({ ...world.sandbox, factory: FACTORY, token: world.sandbox.token(ACCOUNTS.erin) });
  expect((await refusalOf(direct.call('POST', `${Q}/waves/`, body))).status).toBe(400);
});

test.each([
  ['no JSON', 'x', 400],
  ['a member too many', { name: 'w', version: '40', tag: 't', targets: {}, more: 1 }, 400],
  ['a name that no path can hold', { name: '../w', version: '40', tag: 'odd' }, 400],
  ['another version than its Targets', { name: 'w', version: '41', tag: 'odd' }, 400],
])('a body that is %s is refused in words', async (_what, body, expected) => {
  const whole =
    typeof body === 'string' ? body : { ...(await waveBody('odd', (b, k) => signAs('erin', b, k))), ...body };
  const { status, lines } = await refusalOf(connection(ACCOUNTS.erin).call('POST', `${Q}/waves/`, whole));
  expect([status, lines.length > 1]).toEqual([expected, true]);
});

test('a body larger than the limit is refused', async () => {
  const { status } = await refusalOf(connection(ACCOUNTS.erin).call('POST', `${Q}/waves/`, 'x'.repeat(5_000_000)));
  expect(status).toBe(413);
});

test('waves sign succeeds for a Wave that was asked for here, and adds nothing to any other', async () => {
  await refusalOf((await world.fioctl('erin')).initWave('w-signed', 40, 'signed'));
  await deliver(await opened('signed'));
  const sign = async (wave: string) => {
    const shown = await connection(ACCOUNTS.erin).call('GET', `${Q}/waves/${wave}/?show-targets=1`);
    const { signedBytes } = parseTargets(Buffer.from(JSON.stringify((shown as { targets: object }).targets)));
    const signatures = await signAs('erin', signedBytes, world.keys.targets[0]?.keyid ?? '');
    return connection(ACCOUNTS.erin).call('POST', `${Q}/waves/${wave}/sign/`, { signatures });
  };
  await sign('w-signed');
  const foreign = await waveBody('foreign', (bytes) => [world.keys.targets[0]?.sign(bytes) ?? fail()]);
  await world.sandbox.call('bob', 'POST', `${Q}/waves/`, foreign);
  const { status, lines } = await refusalOf(sign('w-foreign'));
  expect([status, lines[1]]).toEqual([403, '= Wave w-foreign was not asked for through Countersign']);
});

function fail(): never {
  throw new Error('the world has no such key');
}

test('roots that fioctl shows to people come as they are; the one it signs by is the caller’s alone', async () => {
  const get = async (url: string, target: string, account = ACCOUNTS.erin) => {
    const answer = await fetch(`${url}${target}`, { headers: { 'osf-token': world.sandbox.token(account) } });
    return { cache: answer.headers.get('cache-control'), text: await answer.text() };
  };
  for (const target of [`${P}/root.json?production=1`, `${P}/3.root.json`, `${P}/1.root.json?production=1`]) {
    expect((await get(world.url, target)).text).toBe((await get(world.sandbox.url, target)).text);
  }
  const real = await get(world.sandbox.url, `${P}/root.json`);
  const [own, others, nobodys] = [
    await get(world.url, `${P}/root.json`),
    await get(world.url, `${P}/root.json`, ACCOUNTS.frank),
    await get(world.url, `${P}/root.json`, 'dave'),
  ];
  expect([own.cache, others.cache, nobodys.cache]).toEqual(['no-store', 'no-store', 'no-store']);
  expect(new Set([real.text, own.text, others.text]).size).toBe(3);
  expect(nobodys.text).toBe(real.text);
});
