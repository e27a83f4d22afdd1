import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalize, parseRoot, parseTargets } from '../../src/tuf/index.js';
import { buildWave, EXPIRES, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const REPO = '/ota/repo/acme/api/v1/user_repo';
const BASE = '/ota/factories/acme';
const READS = [
  `${REPO}/root.json`,
  `${REPO}/1.root.json`,
  `${REPO}/3.root.json?production=1`,
  `${REPO}/targets.json`,
  `${REPO}/root/updates`,
  `${BASE}/ci-targets.pub`,
  `${BASE}/targets/?version=42`,
  `${BASE}/prod-targets/?tag=production`,
  `${BASE}/wave-targets/?name=`,
  `${BASE}/waves/`,
  `${BASE}/waves/w1/`,
  `${BASE}/waves/w1/status/`,
  `${BASE}/waves/$active$/status/`,
];
const WRITES = ['', 'w1/sign/', 'w1/rollout/', 'w1/complete/', 'w1/cancel/'].map((path) => `${BASE}/waves/${path}`);
const UPDATE_WRITES = ['', '/gen-online-keys', '/apply', '/cancel'].map((path) => `${REPO}/root/updates${path}`);

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  const client = sandbox.client('alice');
  for (const [name, version] of [
    ['w0', 40],
    ['w1', 42],
  ] as const) {
    const metadata = signedBy(await buildWave(client, version, 'production'), sandbox.offline);
    await client.createWave({ name, version, tag: 'production', metadata });
    if (name === 'w0') await client.completeWave(name);
  }
});
afterAll(() => sandbox.close());

describe('whoever calls', () => {
  test.each([...READS, `${BASE}/users/self/`, `${BASE}/nothing/here`, '/'])('needs a valid token: %s', async (path) => {
    expect(await sandbox.call(null, 'GET', path)).toMatchObject({ status: 401, json: { message: expect.any(String) } });
    expect(await sandbox.call('carol', 'GET', path)).toMatchObject({
      status: 401,
      json: { message: 'The API token has expired' },
    });
  });

  test.each([...WRITES, ...UPDATE_WRITES])(
    'with a token that may only read is refused before the body is looked at: %s',
    async (path) => {
      expect(await sandbox.call(null, 'POST', path, '{')).toMatchObject({ status: 401 });
      expect(await sandbox.call('dave', 'POST', path, '{')).toMatchObject({
        status: 403,
        json: { errors: [expect.stringMatching(/^Missing scope: \w+:read-update$/)] },
      });
    },
  );

  test.each(READS)('with a token that may only read may read: %s', async (path) => {
    expect(await sandbox.call('dave', 'GET', path)).toMatchObject({ status: 200 });
  });

  test('is told who they are', async () => {
    const self = await sandbox.client('dave').self();
    expect(self).toMatchObject({ name: 'dave', role: 'member', scopes: ['targets:read', 'devices:read'] });
    expect(self.polisId).toMatch(/^[0-9a-f]{24}$/);
    expect((await sandbox.client('alice').self()).role).toBe('owner');
  });

  test('never finds a token in the log', () => {
    expect(sandbox.logText()).toContain('answered');
    for (const person of sandbox.people) expect(sandbox.logText()).not.toContain(person.token);
  });
});

describe('documents', () => {
  test.each(READS)('and listings are served in canonical form: %s', async (path) => {
    const response = await fetch(`${sandbox.url}${path}`, { headers: { 'osf-token': sandbox.token('alice') } });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const body = Buffer.from(await response.arrayBuffer());
    expect(canonicalize(body).toString('utf8')).toBe(body.toString('utf8'));
  });

  test('the roots are one chain, and CI and production differ in the threshold of targets alone', async () => {
    const client = sandbox.client('alice');
    const ci = (await client.rootChain('ci', 1)).map((bytes) => parseRoot(bytes));
    const production = (await client.rootChain('production', 1)).map((bytes) => parseRoot(bytes));
    expect(ci.map(({ signed }) => signed.version)).toEqual([1, 2, 3]);
    expect(production.slice(0, 2)).toEqual(ci.slice(0, 2));
    expect(ci[2]?.signed.roles['targets']).toMatchObject({ threshold: 1 });
    expect(production[2]?.signed.roles['targets']).toMatchObject({ threshold: 2 });
    expect({ ...production[2]?.signed, roles: null }).toEqual({ ...ci[2]?.signed, roles: null });
    expect(production[2]?.signed.roles['targets']?.keyids).toContain(sandbox.offline.keyid);
    expect(Object.keys(production[2]?.signed['x-key-owners'] ?? {})).toEqual([sandbox.offline.keyid]);
    expect(production[2]?.signed['x-changelog']).toMatchObject({ message: expect.any(String) });
  });

  test('the CI targets have two boards and six builds, tagged as described', async () => {
    const { signed } = parseTargets(await sandbox.client('alice').ciTargets());
    expect(
      Object.fromEntries(Object.entries(signed.targets).map(([name, { custom }]) => [name, custom?.['tags']])),
    ).toEqual({
      'intel-corei7-64-lmp-40': ['master'],
      'intel-corei7-64-lmp-41': ['master'],
      'intel-corei7-64-lmp-42': ['master'],
      'intel-corei7-64-lmp-43': ['master'],
      'intel-corei7-64-lmp-44': ['devel'],
      'intel-corei7-64-lmp-45': ['devel', 'master'],
      'raspberrypi4-64-lmp-40': ['master'],
      'raspberrypi4-64-lmp-41': ['master'],
      'raspberrypi4-64-lmp-42': ['master'],
      'raspberrypi4-64-lmp-43': ['devel'],
      'raspberrypi4-64-lmp-44': ['devel'],
      'raspberrypi4-64-lmp-45': ['devel', 'master'],
    });
  });

  test('the listing of a version equals the entries of the signed document, and is empty for no build', async () => {
    const { signed } = parseTargets(await sandbox.client('alice').ciTargets());
    const { json } = await sandbox.call('alice', 'GET', `${BASE}/targets/?version=43`);
    expect(json).toEqual({
      'intel-corei7-64-lmp-43': signed.targets['intel-corei7-64-lmp-43'],
      'raspberrypi4-64-lmp-43': signed.targets['raspberrypi4-64-lmp-43'],
    });
    expect(await sandbox.call('alice', 'GET', `${BASE}/targets/?version=39`)).toEqual({ status: 200, json: {} });
  });

  test('the CI targets are signed anew under the next version when a week is left, entries unchanged', async () => {
    const renewing = await startTestSandbox();
    const client = renewing.client('alice');
    const before = parseTargets(await client.ciTargets());
    renewing.clock.time = new Date('2026-12-10T00:00:00Z');
    expect(parseTargets(await client.ciTargets()).sha256).toBe(before.sha256);
    renewing.clock.time = new Date('2026-12-20T00:00:00Z');
    const after = await Promise.all([client.ciTargets(), client.ciTargets()]);
    expect(after[0]).toEqual(after[1]);
    const { signed } = parseTargets(after[0]);
    expect(signed).toEqual({ ...before.signed, version: before.signed.version + 1, expires: '2027-01-19T00:00:00Z' });
    await renewing.close();
  });

  test.each([
    [`${REPO}/4.root.json`, 'No root version 4'],
    [`${REPO}/0.root.json`, 'No root version 0'],
    [`${REPO}/__proto__.root.json`, 'No root version __proto__'],
    [`${BASE}/prod-targets/?tag=devel`, 'No devel'],
    [`${BASE}/prod-targets/?tag=production,devel`, 'No devel'],
    [`${BASE}/prod-targets/?tag=constructor`, 'No constructor'],
    [`${BASE}/wave-targets/?name=w0`, 'No w0'],
    [`${BASE}/waves/w9/`, 'No such Wave'],
    [`${BASE}/waves/w9/status/`, 'No such Wave'],
    ['/ota/factories/other/waves/', 'No such resource'],
  ])('what is not there is a 404 in the Factory’s words: %s', async (path, message) => {
    expect(await sandbox.call('alice', 'GET', path)).toEqual({ status: 404, json: { message } });
  });
});

describe('the list of Waves', () => {
  test('is newest first, filtered and in pages', async () => {
    const list = async (query: string): Promise<unknown> =>
      (await sandbox.call('alice', 'GET', `${BASE}/waves/?${query}`)).json;
    expect(await list('limit=1&page=1')).toMatchObject({ total: 2, waves: [{ name: 'w1' }] });
    expect(await list('limit=1&page=1')).toMatchObject({ next: expect.stringContaining('page=2') });
    expect(await list('limit=1&page=2')).toMatchObject({ total: 2, next: null, waves: [{ name: 'w0' }] });
    expect(await list('status=complete')).toMatchObject({ total: 1, waves: [{ name: 'w0' }] });
    expect(await list('tag=devel')).toEqual({ total: 0, next: null, waves: [] });
  });

  test.each(['limit=0', 'limit=x', 'page=-1', 'limit=5000', 'tag=a&tag=b'])('refuses %s', async (query) => {
    expect(await sandbox.call('alice', 'GET', `${BASE}/waves/?${query}`)).toMatchObject({ status: 400 });
  });
});

describe('a rollout', () => {
  const rollOut = (body: unknown): Promise<{ status: number; json: unknown }> =>
    sandbox.call('alice', 'POST', `${BASE}/waves/w1/rollout/`, body);

  test('in a dry run names the devices and changes nothing', async () => {
    const answer = await rollOut({ limit: 2, 'dry-run': true, 'return-uuids': true, 'return-names': true });
    expect(answer.json).toMatchObject({
      'device-num': 2,
      'device-names': ['device-0', 'device-1'],
      'device-uuids': [expect.stringMatching(/0000$/), expect.stringMatching(/0001$/)],
      'rollout-history': [],
    });
    expect(await sandbox.client('alice').waveStatus('w1')).toMatchObject({ 'unscheduled-devices': 12 });
  });

  test('to a group is in the Wave’s history and status', async () => {
    await sandbox.client('alice').rolloutWave('w1', { group: 'canary' });
    expect(await sandbox.client('alice').waveStatus()).toMatchObject({
      name: 'w1',
      version: 42,
      'total-devices': 12,
      'scheduled-devices': 2,
      'updated-devices': 1,
      'unscheduled-devices': 9,
      'rollout-groups': [{ name: 'canary', 'devices-total': 3, 'devices-online': 2, 'devices-on-wave-version': 1 }],
    });
    await sandbox.client('alice').rolloutWave('w1', { group: 'us-east', percentage: 50 });
    expect((await sandbox.client('alice').wave('w1'))?.raw).toMatchObject({
      'rollout-history': [
        { 'group-name': 'canary', 'is-full-group': true, 'num-devices': 3 },
        { 'group-name': 'us-east', 'is-full-group': false, 'num-devices': 3 },
      ],
    });
  });

  test.each<[unknown, number]>([
    [{ group: 'nobody' }, 404],
    [{ limit: 0 }, 400],
    [{ percentage: 101 }, 400],
    [{ limit: 1, percentage: 1 }, 400],
    [{ uuids: ['no-such-device'] }, 400],
    [{ uuids: [] }, 400],
    [{ gruop: 'canary' }, 400],
    [[], 400],
    ['', 400],
  ])('of %j is refused', async (body, status) => {
    expect(await rollOut(body)).toMatchObject({ status, json: { message: expect.any(String) } });
  });
});

describe('hostile requests', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const bodies: [string, string | Uint8Array][] = [
    ['nothing', ''],
    ['null', 'null'],
    ['a depth bomb', deep],
    ['a depth bomb as Targets', `{"name":"w9","version":"43","tag":"t","targets":${deep}}`],
    ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))],
    ['a prototype', '{"__proto__":{"name":"w9"}}'],
    ['a constructor', '{"name":"w9","version":"43","tag":"t","targets":{"constructor":1,"toJSON":1}}'],
    ['a lone surrogate', '{"name":"\\ud800"}'],
    ['a byte order mark', '\ufeff{}'],
    ['2^53+1', '{"name":9007199254740993}'],
    ['Targets named like methods', JSON.stringify(targetsNamed('toString'))],
    [
      'Targets with null entries',
      JSON.stringify({ ...targetsNamed('a'), targets: { signed: null, signatures: null } }),
    ],
  ];

  const calls = [...WRITES.slice(0, 3), ...UPDATE_WRITES];
  test.each(bodies.flatMap(([what, body]) => calls.map((path) => [what, path, body] as const)))(
    'get a 4xx with words: %s to %s',
    async (_what, path, body) => {
      const answer = await sandbox.call('alice', 'POST', path, body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.json).toMatchObject({ message: expect.any(String) });
    },
  );

  test.each([
    ['nothing', ''],
    ['a depth bomb', `{"txid":"","ci-root":${deep},"prod-root":{}}`],
    ['a depth bomb in a root', `{"txid":"","ci-root":{"signed":${deep}},"prod-root":{}}`],
    ['roots that are none', '{"txid":"","ci-root":{"signed":null,"signatures":null},"prod-root":{}}'],
    ['roots as text', '{"txid":"","ci-root":"{}","prod-root":"{}"}'],
    ['a prototype', '{"__proto__":{"txid":""}}'],
  ])('get a 4xx with words as roots: %s', async (_what, body) => {
    await sandbox.call('alice', 'POST', `${REPO}/root/updates`, { message: 'm' });
    expect(await sandbox.call('alice', 'PUT', `${REPO}/root/updates`, body)).toMatchObject({
      status: 400,
      json: { message: expect.any(String) },
    });
    expect(await sandbox.call('alice', 'POST', `${REPO}/root/updates/cancel`)).toMatchObject({ status: 200 });
  });

  test.each(['constructor', '__proto__', 'toString'])('sign targets of a tag called %s in vain', async (tag) => {
    await sandbox.call('alice', 'POST', `${REPO}/root/updates`, { message: 'm' });
    const { json } = await sandbox.call('alice', 'GET', `${REPO}/root/updates`);
    const { updated } = json as { updated: Record<string, string> };
    const body = `{"txid":"","ci-root":${updated['ci-root'] ?? ''},"prod-root":${updated['prod-root'] ?? ''},"targets-signatures":{"${tag}":[]}}`;
    expect([200, 400]).toContain((await sandbox.call('alice', 'PUT', `${REPO}/root/updates`, body)).status);
    expect(await sandbox.call('alice', 'POST', `${REPO}/root/updates/apply`, { txid: '' })).toMatchObject({
      status: 422,
    });
    expect(await sandbox.call('alice', 'POST', `${REPO}/root/updates/cancel`)).toMatchObject({ status: 200 });
  });

  test.each([`${BASE}/waves/%ff/`, `${BASE}/waves/%00/`, `${BASE}/waves/..%2f..%2fetc/`, `${BASE}/%`])(
    'get a 4xx for broken addresses: %s',
    async (path) => {
      expect((await sandbox.call('alice', 'GET', path)).status.toString()).toMatch(/^40[04]$/);
    },
  );

  test('get a 413 beyond the body limit and a 415 when compressed', async () => {
    const small = await startTestSandbox({ maxBodyBytes: 1000 });
    const body = `{"name":"${'w'.repeat(2000)}"}`;
    expect(await small.call('alice', 'POST', `${BASE}/waves/`, body)).toMatchObject({ status: 413 });
    const zipped = await fetch(`${small.url}${BASE}/waves/`, {
      method: 'POST',
      headers: { 'osf-token': small.token('alice'), 'content-encoding': 'gzip' },
      body: '{}',
    });
    expect(zipped.status).toBe(415);
    await small.close();
  });

  test('that end half-way harm nobody', async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = createConnection(sandbox.port, '127.0.0.1', () => {
        socket.end(
          `POST ${BASE}/waves/ HTTP/1.1\r\nHost: x\r\nOsf-Token: ${sandbox.token('alice')}\r\nContent-Length: 100\r\n\r\n{`,
        );
      });
      socket
        .on('error', reject)
        .on('close', () => resolve())
        .resume();
    });
    expect(await sandbox.client('alice').wave('w1')).toMatchObject({ status: 'active' });
  });
});

/** A Wave's body with one Target of that name. */
function targetsNamed(name: string): Record<string, unknown> {
  const entry = { length: 0, hashes: { sha256: 'ab'.repeat(32) }, custom: { version: '43', tags: ['t'] } };
  const signed = { _type: 'Targets', expires: EXPIRES, targets: { [name]: entry }, version: 43 };
  return { name: 'w9', version: '43', tag: 't', targets: { signatures: [], signed } };
}
