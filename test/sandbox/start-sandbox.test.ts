import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildWave, createOfflineSigner, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let stateDir: string;
let started: TestSandbox[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((sandbox) => sandbox.close()));
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startTestSandbox>[0] = {}): Promise<TestSandbox> {
  const sandbox = await startTestSandbox({ stateDir, ...options });
  started.push(sandbox);
  return sandbox;
}

async function restart(
  sandbox: TestSandbox,
  options: Parameters<typeof startTestSandbox>[0] = {},
): Promise<TestSandbox> {
  started = started.filter((other) => other !== sandbox);
  await sandbox.close();
  return start({ offline: sandbox.offline, ...options });
}

/** Every document and listing a client can see. */
async function everything(sandbox: TestSandbox): Promise<unknown> {
  const client = sandbox.client('alice');
  return {
    ci: await client.rootChain('ci', 1),
    production: await client.rootChain('production', 1),
    ciTargets: await client.ciTargets(),
    targets: await client.productionTargets('production'),
    waves: await client.waves(),
    waveTargets: await client.waveTargets('w1'),
    status: await client.waveStatus(),
    key: await client.onlineTargetsKey(),
  };
}

describe('a sandbox with a state directory', () => {
  test('serves the same bytes after a restart, tokens included', async () => {
    const first = await start();
    const client = first.client('alice');
    for (const [name, version] of [
      ['w0', 40],
      ['w1', 42],
    ] as const) {
      const metadata = signedBy(await buildWave(client, version, 'production'), first.offline);
      await client.createWave({ name, version, tag: 'production', metadata });
      if (name === 'w0') await client.completeWave(name);
    }
    await client.rolloutWave('w1', { group: 'canary' });
    const before = await everything(first);
    const second = await restart(first);
    expect(second.people).toEqual(first.people);
    expect(await everything(second)).toEqual(before);
  });

  test('that was killed while it wrote its state starts with the state before', async () => {
    const first = await start();
    const client = first.client('alice');
    const metadata = signedBy(await buildWave(client, 42, 'production'), first.offline);
    await client.createWave({ name: 'w1', version: 42, tag: 'production', metadata });
    const before = await everything(first);
    writeFileSync(join(stateDir, '.state.json.tmp'), '{"format":1,"factory":"acme","ke');
    expect(await everything(await restart(first))).toEqual(before);
  });

  test('keeps files with keys and tokens to its owner', async () => {
    await start();
    expect(readdirSync(stateDir).sort()).toEqual(['people.json', 'state.json']);
    for (const file of ['people.json', 'state.json']) expect(statSync(join(stateDir, file)).mode & 0o777).toBe(0o600);
  });

  test('started without offline keys can be given them later, once', async () => {
    const fresh = await start({ owned: false });
    expect(await fresh.client('alice').rootChain('production', 3)).toEqual([]);
    const owned = await restart(fresh);
    expect(await owned.client('alice').rootChain('production', 3)).toHaveLength(1);
    const again = await restart(owned);
    expect(await again.client('alice').rootChain('production', 3)).toHaveLength(1);
    await again.close();
    started = [];
    await expect(start({ offline: createOfflineSigner() })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('of another Factory does not start', async () => {
    await restart(await start());
    await expect(start({ factory: 'other' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test.each(['', '{', '{}', '[]', '{"format":2}'])(
    'with a damaged state does not start, nor overwrite it: %j',
    async (text) => {
      writeFileSync(join(stateDir, 'state.json'), text);
      await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      expect(readFileSync(join(stateDir, 'state.json'), 'utf8')).toBe(text);
    },
  );

  test('that cannot write does not answer that something was done', async () => {
    const sandbox = await start();
    const client = sandbox.client('alice');
    const metadata = signedBy(await buildWave(client, 42, 'production'), sandbox.offline);
    rmSync(stateDir, { recursive: true });
    writeFileSync(stateDir, 'a file where the directory was');
    await expect(client.createWave({ name: 'w1', version: 42, tag: 'production', metadata })).rejects.toMatchObject({
      code: 'FACTORY_UNAVAILABLE',
      details: { status: 500 },
    });
    expect(await client.waves()).toEqual([]);
  });
});

describe('a sandbox', () => {
  test.each(['', '..', 'a/b', 'a b', 'é'])('is not called %j', async (factory) => {
    await expect(startTestSandbox({ factory })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('takes the people it is given and nobody else', async () => {
    const people = [{ name: 'erin', role: 'owner' as const, token: 'token-of-erin', scopes: [], expires: null }];
    const sandbox = await start({ people });
    expect(await sandbox.client('erin').self()).toMatchObject({ name: 'erin', role: 'owner', scopes: [] });
    expect(readdirSync(stateDir)).toEqual(['state.json']);
  });

  test('says so when its port is taken', async () => {
    const sandbox = await start();
    await expect(startTestSandbox({ port: sandbox.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
