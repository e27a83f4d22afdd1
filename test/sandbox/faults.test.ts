import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseRoot, parseTargets, verifyThreshold } from '../../src/tuf/index.js';
import {
  begin,
  readUpdates,
  stage,
  step,
  takeOwnership,
  updateRoots,
  withKey,
  withoutKey,
  type RootUpdateInput,
} from '../support/root-update.js';
import { buildWave, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { clearFaults, setFaults } from '../support/sandbox-faults.js';
import { tufKey } from '../support/tuf-key.js';

const REPO = '/ota/repo/acme/api/v1/user_repo';
const FAULTS = '/_sandbox/faults';
const [ROOT, FIRST, SECOND] = [tufKey(), tufKey(), tufKey()];

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox({ owned: false, faults: true });
  await takeOwnership(sandbox, { root: [ROOT], targets: [FIRST] });
  const client = sandbox.client('alice');
  const metadata = signedBy(await buildWave(client, 40, 'production'), FIRST);
  await client.createWave({ name: 'w0', version: 40, tag: 'production', metadata });
  await client.completeWave('w0');
});
afterAll(() => sandbox.close());
afterEach(async () => {
  await clearFaults(sandbox);
  await step(sandbox, 'cancel', '');
});

const rotation: RootUpdateInput = {
  change: (root) => withKey(withoutKey(root, 'targets', FIRST), 'targets', SECOND),
  signers: [ROOT],
  targetsSigners: [SECOND],
};
const back: RootUpdateInput = {
  change: (root) => withKey(withoutKey(root, 'targets', SECOND), 'targets', FIRST),
  signers: [ROOT],
  targetsSigners: [FIRST],
};

async function rootVersion(): Promise<number> {
  return parseRoot(Buffer.from((await readUpdates(sandbox)).current['ci-root'])).signed.version;
}

describe('faults', () => {
  const latency = { kind: 'latency', method: 'GET', path: '/root.json', ms: 1 };

  test('are refused unless the sandbox was started with them', async () => {
    const other = await startTestSandbox();
    for (const method of ['GET', 'POST', 'DELETE']) {
      const body = method === 'POST' ? { faults: [latency] } : undefined;
      expect(await other.call(null, method, FAULTS, body)).toMatchObject({ status: 403 });
    }
    await other.close();
  });

  test('are refused to web pages', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { origin: 'https://example.com' };
      request(`${sandbox.url}${FAULTS}`, { method: 'DELETE', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  test.each([
    [{}],
    [{ faults: [] }],
    [{ faults: [{ ...latency, kind: 'flood' }] }],
    [{ faults: [{ ...latency, ms: -1 }] }],
    [{ faults: [{ ...latency, method: 'PATCH' }] }],
    [{ faults: [{ ...latency, when: 'before' }] }],
  ])('that are none are refused: %j', async (body) => {
    expect(await sandbox.call(null, 'POST', FAULTS, body)).toMatchObject({ status: 400 });
  });

  test('are listed with what is left of them, and forgotten', async () => {
    await setFaults(sandbox, {
      kind: 'error',
      method: 'GET',
      path: '/*.root.json*',
      when: 'before',
      skip: 1,
      count: 2,
    });
    const left = async (): Promise<unknown> => (await sandbox.call(null, 'GET', FAULTS)).json;
    const get = async (version: number): Promise<number> =>
      (await sandbox.call('alice', 'GET', `${REPO}/${version}.root.json?production=1`)).status;
    expect(await left()).toMatchObject({ faults: [{ skip: 1, count: 2, status: 500 }] });
    expect([await get(1), await get(2)]).toEqual([200, 500]);
    expect(await left()).toMatchObject({ faults: [{ skip: 0, count: 1 }] });
    expect((await sandbox.call('alice', 'GET', `${REPO}/root.json`)).status).toBe(200);
    expect([await get(1), await get(1)]).toEqual([500, 200]);
    expect(await left()).toEqual({ faults: [] });
  });

  test.each([
    ['error', 'before', false],
    ['error', 'after', true],
    ['cut', 'before', false],
    ['cut', 'after', true],
  ] as const)('%s %s the effect: it was done is %s', async (kind, when, done) => {
    await setFaults(sandbox, {
      kind,
      method: 'POST',
      path: '/root/updates',
      when,
      ...(kind === 'error' ? { status: 503 } : {}),
    });
    const answer = begin(sandbox);
    if (kind === 'error') expect(await answer).toMatchObject({ status: 503, json: { message: expect.any(String) } });
    else await expect(answer).rejects.toThrow('fetch failed');
    expect((await readUpdates(sandbox)).status).toBe(done ? 'STARTED' : 'NONE');
  });

  test('of time end when the caller leaves, and otherwise with the answer', async () => {
    await setFaults(
      sandbox,
      { kind: 'latency', method: 'GET', path: '/root.json', ms: 3_600_000 },
      { kind: 'latency', method: 'GET', path: '/root.json', ms: 1, skip: 1 },
    );
    const gone = new AbortController();
    const headers = { 'osf-token': sandbox.token('alice') };
    const hanging = fetch(`${sandbox.url}${REPO}/root.json`, { headers, signal: gone.signal });
    // the second call is served while the first one waits; once it was, the first one is under way
    while (((await (await fetch(`${sandbox.url}${FAULTS}`)).json()) as { faults: unknown[] }).faults.length > 1);
    expect((await sandbox.call('alice', 'GET', `${REPO}/root.json`)).status).toBe(200);
    gone.abort();
    await expect(hanging).rejects.toThrow('aborted');
  });

  test('of reading show what was there before', async () => {
    await setFaults(sandbox, { kind: 'stale', method: 'GET', path: '/root/updates' });
    await begin(sandbox);
    expect((await readUpdates(sandbox)).status).toBe('NONE');
    expect((await readUpdates(sandbox)).status).toBe('STARTED');
  });

  test('of applying: it is seen under way, nothing else can be done, and then all is out at once', async () => {
    const version = await rootVersion();
    await setFaults(sandbox, { kind: 'applying', method: 'POST', path: '/root/updates/apply', reads: 2 });
    expect(await updateRoots(sandbox, rotation)).toEqual({ status: 200, json: {} });
    expect(await begin(sandbox)).toMatchObject({ status: 409 });
    expect(await step(sandbox, 'cancel', '')).toMatchObject({ status: 409 });
    expect(await sandbox.call('alice', 'POST', '/ota/factories/acme/waves/w0/cancel/')).toMatchObject({ status: 423 });
    const seen = [await readUpdates(sandbox), await readUpdates(sandbox)];
    expect(seen.map(({ status }) => status)).toEqual(['APPLYING', 'APPLYING']);
    expect(parseRoot(Buffer.from(seen[1]?.current['ci-root'] ?? '')).signed.version).toBe(version);
    expect((await readUpdates(sandbox)).status).toBe('NONE');
    expect(await rootVersion()).toBe(version + 1);
  });

  test('of applying end when it is applied again', async () => {
    const version = await rootVersion();
    await setFaults(
      sandbox,
      { kind: 'applying', method: 'POST', path: '/root/updates/apply', reads: 1_000_000 },
      { kind: 'error', method: 'POST', path: '/root/updates/apply', when: 'after' },
    );
    expect(await updateRoots(sandbox, back)).toMatchObject({ status: 500 });
    expect((await readUpdates(sandbox)).status).toBe('APPLYING');
    expect(await step(sandbox, 'apply')).toEqual({ status: 200, json: {} });
    expect(await rootVersion()).toBe(version + 1);
  });
});

describe('a hostile answer', () => {
  const lieAboutUpdate = (lie: 'online-key' | 'lower-threshold' | 'foreign-key' | 'longer-expiry' | 'drop-changelog') =>
    setFaults(sandbox, { kind: 'hostile', method: 'GET', path: '/root/updates', lie });

  async function begunRoots(): Promise<{ ci: ReturnType<typeof parseRoot>['signed']; online: string | undefined }> {
    const { updated } = await readUpdates(sandbox);
    return {
      ci: parseRoot(Buffer.from(updated?.['ci-root'] ?? '')).signed,
      online: updated?.['online-keys']['targets'],
    };
  }

  test.each(['online-key', 'foreign-key', 'longer-expiry', 'drop-changelog'] as const)(
    'about an update: %s, and the truth right after',
    async (lie) => {
      await begin(sandbox);
      const before = await begunRoots();
      await lieAboutUpdate(lie);
      const lying = await begunRoots();
      expect(lying.ci).not.toEqual(before.ci);
      const keyids = {
        before: before.ci.roles['targets']?.keyids ?? [],
        lying: lying.ci.roles['targets']?.keyids ?? [],
      };
      if (lie === 'online-key') {
        expect(keyids.lying[0]).toBe(lying.online);
        expect(lying.online).not.toBe(before.online);
      }
      if (lie === 'foreign-key') expect(keyids.lying).toEqual([...keyids.before, expect.any(String)]);
      if (lie === 'longer-expiry') expect(lying.ci.expires > before.ci.expires).toBe(true);
      if (lie === 'drop-changelog') expect(lying.ci['x-changelog']).toBeUndefined();
      expect(await begunRoots()).toEqual(before);
    },
  );

  test('about an update: lower-threshold, of production targets', async () => {
    await begin(sandbox);
    await stage(sandbox, { signers: [] });
    await lieAboutUpdate('lower-threshold');
    const { updated } = await readUpdates(sandbox);
    expect(parseRoot(Buffer.from(updated?.['prod-root'] ?? '')).signed.roles['targets']?.threshold).toBe(1);
  });

  test('about published roots has signatures that do not hold', async () => {
    const path = '/*.root.json?production=1';
    await setFaults(sandbox, { kind: 'hostile', method: 'GET', path, lie: 'longer-expiry', about: 'published' });
    const version = await rootVersion();
    const read = async (): Promise<ReturnType<typeof parseRoot>> => {
      const { json } = await sandbox.call('alice', 'GET', `${REPO}/${version}.root.json?production=1`);
      return parseRoot(Buffer.from(JSON.stringify(json)));
    };
    const lying = await read();
    expect(() => verifyThreshold(lying, lying.signed, 'root')).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }),
    );
    const right = await read();
    expect(verifyThreshold(right, right.signed, 'root').missing).toBe(0);
  });

  test('about production targets has the online signature and no other that holds', async () => {
    await setFaults(sandbox, { kind: 'hostile', method: 'GET', path: '/prod-targets/*', lie: 'forged-targets' });
    const { json } = await sandbox.call('alice', 'GET', '/ota/factories/acme/prod-targets/?tag=production');
    const { production } = z.object({ production: z.unknown() }).parse(json);
    const root = parseRoot(Buffer.from((await readUpdates(sandbox)).current['prod-root'])).signed;
    expect(() => verifyThreshold(parseTargets(Buffer.from(JSON.stringify(production))), root, 'targets')).toThrow(
      '1 of 2 signatures',
    );
  });
});
