import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit-codes.js';
import { keepWhileRegistering, registrationOf } from '../../src/cli/request-key/create-keys-file.js';
import { CountersignError } from '../../src/errors.js';
import { createOfflineKey, readOfflineKeys, type RoleKey } from '../../src/offline-keys/index.js';
import { keyidOf } from '../../src/tuf/index.js';
import { cli, type CliRun } from '../support/cli.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

let world: HttpWorld;
let bearer: string;
let folder: string;
let tokenFile: string;

beforeAll(async () => {
  world = await openHttpWorld();
  bearer = await world.token({ name: 'carols', kind: 'person', person: 'carol' });
  folder = mkdtempSync(join(tmpdir(), 'countersign-request-key-'));
  tokenFile = join(folder, 'factory.token');
  writeFileSync(tokenFile, 'carols-factory-token\n', { mode: 0o600 });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

const run = (...args: string[]): Promise<CliRun> => cli(['request-key', ...args], { url: world.url, bearer });

describe('countersign request-key', () => {
  it('creates keys in fioctl’s layout, that only their owner can read, registers and lists them, and revokes them', async () => {
    const out = join(folder, 'keys.tgz');
    const create = ['create', '--for', 'carol', '--factory', 'acme', '--factory-token', tokenFile, '--out', out];
    const made = await run(...create, '--gateway', 'https://gateway.example');
    expect([made.status, made.stdout.trim()]).toEqual([EXIT.done, expect.stringMatching(/^rks_/)]);
    expect(made.stderr).toContain('url: https://gateway.example');
    expect(made.stderr).toContain(`-k ${out}`);

    expect(statSync(out).mode & 0o777).toBe(0o600);
    const keys = await readOfflineKeys(readFileSync(out));
    const registered = await world.client(bearer).requestKeys('acme');
    expect(registered.items.map(({ role, key }) => `${role} ${key.keytype}`)).toEqual([
      ...['root ED25519', 'root RSA', 'targets ED25519', 'targets RSA'],
    ]);
    for (const { key, from } of keys) {
      const found = registered.items.find(({ keyid }) => keyid === keyidOf(key));
      expect(from).toBe(`tufrepo/keys/fioctl-${found?.role ?? ''}-${keyidOf(key)}.sec`);
      // fioctl looks for its key by just this text
      expect(found?.key).toEqual(key);
      expect(found).toMatchObject({ name: 'carol', polisId: 'of carols-factory-token' });
    }

    const before = readFileSync(out);
    const again = await run(...create);
    expect([again.status, again.stderr]).toEqual([EXIT.usage, expect.stringContaining('is there already')]);
    expect(readFileSync(out).equals(before)).toBe(true);

    const listed = await run('list', '--factory', 'acme');
    expect(listed.stdout.split('\n').filter((line) => line.includes(made.stdout.trim()))).toHaveLength(4);
    expect(JSON.parse((await run('list', '--factory', 'acme', '--json')).stdout)).toHaveLength(4);
    const revoked = await run('revoke', made.stdout.trim(), '--json');
    expect(revoked.status).toBe(EXIT.done);
    expect(JSON.parse(revoked.stdout)).toMatchObject(Array(4).fill({ revoked: expect.any(String) }));
    expect((await run('revoke', `rks_${'0'.repeat(26)}`)).stderr).toContain('REQUEST_KEY_NOT_FOUND');
  }, 120_000);

  it('needs the caller’s own Factory token', async () => {
    const { status, stderr } = await run(
      'create',
      '--for',
      'carol',
      '--factory',
      'acme',
      '--out',
      join(folder, 'no.tgz'),
    );
    expect([status, stderr]).toEqual([EXIT.usage, expect.stringContaining('--factory-token')]);
    const answer = await world.call('/v1/factories/acme/request-keys', { bearer, body: { name: 'carol', keys: [] } });
    expect(answer).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
  });
});

describe('the keys file', () => {
  const keysOf = async (): Promise<RoleKey[]> => [{ role: 'targets', offline: await createOfflineKey('ED25519') }];

  it('is not left behind when the service refuses to register the keys', async () => {
    const [out, keys] = [join(folder, 'refused.tgz'), await keysOf()];
    const api = world.client(bearer);
    const register = () => api.registerRequestKeys('acme', registrationOf(keys, 'acme', 'alice'), 'token');
    await expect(keepWhileRegistering(out, keys, register)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(existsSync(out)).toBe(false);
  });

  it('stays, and the error says so, when nobody knows whether they were registered', async () => {
    const [out, keys] = [join(folder, 'unknown.tgz'), await keysOf()];
    const lost = () => Promise.reject(new CountersignError('SERVICE_UNAVAILABLE', 'lost'));
    await expect(keepWhileRegistering(out, keys, lost)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      hint: expect.stringContaining(out),
    });
    expect(await readOfflineKeys(readFileSync(out))).toHaveLength(1);
  });

  it('never takes the place of another', async () => {
    const out = join(folder, 'other.tgz');
    writeFileSync(out, 'mine');
    const none = () => Promise.reject(new Error('nothing is registered'));
    await expect(keepWhileRegistering(out, await keysOf(), none)).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(out, 'utf8')).toBe('mine');
  });
});
