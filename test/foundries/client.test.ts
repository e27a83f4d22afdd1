import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFoundriesClient, type FoundriesClient } from '../../src/foundries/index.js';
import { parseRoot, parseTargets, verifyRootChain, verifyTargets } from '../../src/tuf/index.js';
import { buildWave, NOW, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let client: FoundriesClient;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  client = sandbox.client('alice');
});
afterEach(() => sandbox.close());

async function createWave(name: string, version: number, tag: string): Promise<Buffer> {
  const metadata = signedBy(await buildWave(client, version, tag), sandbox.offline);
  await client.createWave({ name, version, tag, metadata });
  return metadata;
}

describe('a client of a Factory', () => {
  test('reads the documents that a Wave builds on, and they verify', async () => {
    const roots = (await client.rootChain('production', 1)).map((bytes) => parseRoot(bytes));
    const ciRoots = (await client.rootChain('ci', 1)).map((bytes) => parseRoot(bytes));
    expect(verifyRootChain(roots, { now: NOW }).signed.version).toBe(3);
    verifyTargets(verifyRootChain(ciRoots), parseTargets(await client.ciTargets()), { now: NOW });
    const key = await client.onlineTargetsKey();
    expect(Object.values(ciRoots.at(-1)?.signed.keys ?? {})).toContainEqual(key);
    expect(await client.rootUpdateApplying()).toBe(false);
  });

  test('begins a chain at any version and finds none beyond the newest', async () => {
    expect((await client.rootChain('ci', 3)).map((bytes) => parseRoot(bytes).signed.version)).toEqual([3]);
    expect(await client.rootChain('ci', 4)).toEqual([]);
  });

  test('takes a Wave from its creation into production with every byte as it was', async () => {
    expect(await client.productionTargets('production')).toBeNull();
    expect(await client.wave('w1')).toBeNull();
    expect(await client.waveTargets('w1')).toBeNull();
    expect(await client.waveWithTargets('w1')).toBeNull();
    const sent = parseTargets(await createWave('w1', 42, 'production'));
    const active = await client.waveTargets('w1');
    expect(parseTargets(active ?? Buffer.alloc(0)).signedBytes).toEqual(sent.signedBytes);
    expect((await client.waveWithTargets('w1'))?.targets).toEqual(active);
    expect(await client.wave('w1')).toMatchObject({ name: 'w1', version: 42, tag: 'production', status: 'active' });

    expect(await client.rolloutWave('w1', { group: 'canary', dryRun: true })).toMatchObject({
      'device-num': 3,
      'device-names': ['device-0', 'device-1', 'device-2'],
    });
    expect(await client.rolloutWave('w1', { group: 'canary' })).toMatchObject({ 'device-num': 3, 'device-names': [] });
    expect(await client.waveStatus('w1')).toMatchObject({ version: 42, 'updated-devices': 1 });
    await client.completeWave('w1');
    expect(await client.productionTargets('production')).toEqual(active);
    expect(await client.productionTargets('devel')).toBeNull();
  });

  test('lists all Waves over all pages, or those of a tag or status', async () => {
    for (let index = 0; index < 101; index += 1) {
      await createWave(`w${index}`, 42, 'production');
      await client.cancelWave(`w${index}`);
    }
    await createWave('last', 42, 'devel');
    const all = await client.waves();
    expect(all.map(({ name }) => name)).toHaveLength(102);
    expect(new Set(all.map(({ name }) => name)).size).toBe(102);
    expect(all[0]).toMatchObject({ name: 'last', status: 'active' });
    expect(await client.waves({ status: 'active' })).toHaveLength(1);
    expect(await client.waves({ tag: 'production', status: 'canceled' })).toHaveLength(101);
  });

  test('passes the Factory’s words on', async () => {
    await createWave('w1', 42, 'production');
    await expect(createWave('w2', 42, 'production')).rejects.toMatchObject({
      code: 'FACTORY_REFUSED',
      message: expect.stringContaining('A Wave for tag production is active already; Active Wave: w1'),
      details: { status: 409, factoryMessage: expect.any(String), errors: ['Active Wave: w1'] },
    });
    await expect(client.completeWave('w9')).rejects.toMatchObject({
      code: 'FACTORY_NOT_FOUND',
      message: 'Factory acme: POST /ota/factories/acme/waves/w9/complete/: 404 No such Wave',
    });
  });

  test('tells an expired token from a missing scope', async () => {
    await expect(sandbox.client('carol').self()).rejects.toMatchObject({
      code: 'FACTORY_UNAUTHORIZED',
      hint: expect.stringContaining('expired'),
      details: { status: 401, factoryMessage: 'The API token has expired' },
    });
    await expect(sandbox.client('dave').cancelWave('w1')).rejects.toMatchObject({
      code: 'FACTORY_UNAUTHORIZED',
      hint: expect.stringContaining('scope'),
      details: { status: 403, errors: ['Missing scope: targets:read-update'] },
    });
  });

  test('asks for the token at each call, so that a new one is used at once', async () => {
    let token = sandbox.token('carol');
    const rotating = sandbox.client('alice', { token: () => Promise.resolve(token) });
    await expect(rotating.self()).rejects.toMatchObject({ code: 'FACTORY_UNAUTHORIZED' });
    token = sandbox.token('bob');
    expect(await rotating.self()).toMatchObject({ name: 'bob', role: 'admin' });
  });

  test.each(['..', 'a/b', 'a?b', 'a,b', '', 'é', '$active$', '%2e'])('never puts %j into an address', async (name) => {
    const metadata = Buffer.from('{}');
    const refused = { code: 'INPUT_INVALID' };
    await expect(client.wave(name)).rejects.toMatchObject(refused);
    await expect(client.waveTargets(name)).rejects.toMatchObject(refused);
    await expect(client.productionTargets(name)).rejects.toMatchObject(refused);
    await expect(client.cancelWave(name)).rejects.toMatchObject(refused);
    await expect(client.createWave({ name, version: 1, tag: 'a', metadata })).rejects.toMatchObject(refused);
    await expect(client.createWave({ name: 'a', version: 1, tag: name, metadata })).rejects.toMatchObject(refused);
  });

  test.each([
    'acme.example',
    'ftp://acme.example',
    'https://user:pass@acme.example',
    'https://acme.example/?x=1',
    'https://acme.example/#x',
  ])('is not made for %s', (url) => {
    expect(() =>
      createFoundriesClient({ factory: 'acme', url, token: () => 'x', userAgent: 'x', timeoutMs: 1 }),
    ).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test('keeps the path of its URL and cuts the slashes behind it', async () => {
    const fetched: string[] = [];
    const recording = sandbox.client('alice', {
      url: 'https://api.example/tuf//',
      fetch: (address) => {
        fetched.push(address instanceof Request ? address.url : address.toString());
        return Promise.resolve(new Response('{"polis-id":"x","name":"n","role":"r"}'));
      },
    });
    expect(await recording.self()).toEqual({ polisId: 'x', name: 'n', role: 'r', scopes: [] });
    expect(recording.url).toBe('https://api.example/tuf');
    expect(fetched).toEqual(['https://api.example/tuf/ota/factories/acme/users/self/']);
  });
});
