import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeCanonical, parseRoot, parseTargets, serializeMetadata, type Root } from '../../src/tuf/index.js';
import { askDevice } from '../support/device.js';
import {
  begin,
  beginFirstTime,
  readUpdates,
  stage,
  step,
  takeOwnership,
  updateRoots,
  withKey,
  withoutKey,
  withThreshold,
  type RootUpdateInput,
} from '../support/root-update.js';
import { buildWave, EXPIRES, FACTORY, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';

const UPDATES = '/ota/repo/acme/api/v1/user_repo/root/updates';
const BASE = '/ota/factories/acme';
const ROOT = [tufKey(), tufKey(), tufKey()] as const;
const TARGETS = [tufKey(), tufKey(), tufKey()] as const;
const DONE = { status: 200, json: {} };
const DEVICE = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };

let sandbox: TestSandbox;

beforeEach(async () => {
  sandbox = await startTestSandbox({ owned: false });
});
afterEach(() => sandbox.close());

/** Owned by the first root key and the first targets key, with version 40 in production. */
async function own(input: Partial<Parameters<typeof takeOwnership>[1]> = {}): Promise<void> {
  const keys = { root: [ROOT[0]], targets: [TARGETS[0]], ...input };
  await takeOwnership(sandbox, keys);
  await makeWave('w0', 40, keys.targets);
  await sandbox.client('alice').completeWave('w0');
}

async function makeWave(name: string, version: number, signers: readonly TufKey[]): Promise<void> {
  const client = sandbox.client('alice');
  const metadata = signedBy(await buildWave(client, version, 'production'), ...signers);
  await client.createWave({ name, version, tag: 'production', metadata });
}

/** What a device says that knows root 1 alone: one that slept through all of it. */
async function verdict(): Promise<unknown> {
  const source = { url: sandbox.url, factory: FACTORY, token: sandbox.token('dave') };
  return askDevice(source, DEVICE, sandbox.clock.now());
}

const replaceTargets = (root: Root): Root => withKey(withoutKey(root, 'targets', TARGETS[0]), 'targets', TARGETS[1]);
const rotation: RootUpdateInput = { change: replaceTargets, signers: [ROOT[0]], targetsSigners: [TARGETS[1]] };

describe('a root update', () => {
  test('may leave production targets that are older than the first targets key unsigned until that key comes', async () => {
    await sandbox.close();
    const signedBytes = encodeCanonical({ _type: 'Targets', expires: EXPIRES, targets: {}, version: 40 });
    const production = serializeMetadata({ signatures: [], signedBytes }).toString();
    sandbox = await startTestSandbox({ owned: false, productionTargets: { production } });
    await takeOwnership(sandbox, { root: [ROOT[0]], targets: [] });
    const firstKey: RootUpdateInput = { change: (root) => withKey(root, 'targets', TARGETS[0]), signers: [ROOT[0]] };
    expect(await updateRoots(sandbox, firstKey)).toMatchObject({
      status: 422,
      json: { errors: ['production Targets production need 2 signature(s) by targets keys, have 1'] },
    });
    await step(sandbox, 'cancel', '');
    expect(await updateRoots(sandbox, { ...firstKey, targetsSigners: [TARGETS[0]] })).toEqual(DONE);
  });

  test('is one at a time, and whoever did not begin it needs its id for all but reading and cancelling', async () => {
    await own();
    const { txid } = (await begin(sandbox)).json as { txid: string };
    expect(txid).toMatch(/^[A-Z]{8}$/);
    expect(await begin(sandbox, false, 'bob')).toMatchObject({ status: 409 });
    for (const wrong of ['', 'AAAAAAAAA', txid.toLowerCase()]) {
      expect(await stage(sandbox, { ...rotation, person: 'bob' }, wrong)).toMatchObject({ status: 403 });
      expect(await step(sandbox, 'apply', { txid: wrong }, 'bob')).toMatchObject({ status: 403 });
      const body = { 'key-type': 'ED25519', targets: true, txid: wrong };
      expect(await step(sandbox, 'gen-online-keys', body, 'bob')).toMatchObject({ status: 403 });
    }
    expect(await stage(sandbox, { ...rotation, person: 'bob' }, txid)).toEqual(DONE);
    expect((await readUpdates(sandbox, 'bob')).status).toBe('STARTED');
    expect(await step(sandbox, 'cancel', '', 'bob')).toEqual(DONE);
    for (const name of ['cancel', 'apply']) expect(await step(sandbox, name)).toMatchObject({ status: 404 });
  });

  test('may be read with a token that may only read, and not changed', async () => {
    expect((await readUpdates(sandbox, 'dave')).status).toBe('NONE');
    expect(await begin(sandbox, false, 'dave')).toMatchObject({ status: 403 });
    expect(await begin(sandbox, false, 'carol')).toMatchObject({ status: 401 });
  });

  test('begins with the next version and the changelog, all else and no signatures as it was', async () => {
    await own();
    await begin(sandbox, false, 'bob');
    const { current, updated } = await readUpdates(sandbox);
    for (const name of ['ci-root', 'prod-root'] as const) {
      const before = parseRoot(Buffer.from(current[name]));
      const { signed, signatures } = parseRoot(Buffer.from(updated?.[name] ?? ''));
      const changelog = signed['x-changelog'];
      expect(changelog?.['message']).toBe('A test');
      expect(changelog?.['timestamp']).toMatch(/^2026-11-22T16:00:00(\.\d{0,8}[1-9])?Z$/);
      expect(signatures).toEqual([]);
      expect(signed).toEqual({ ...before.signed, version: 4, 'x-changelog': changelog });
    }
  });

  test('keeps signatures over targets that a later upload leaves out', async () => {
    await own();
    await begin(sandbox);
    expect(await stage(sandbox, { ...rotation, signers: [] })).toEqual(DONE);
    expect(await stage(sandbox, { signers: [ROOT[0]] })).toEqual(DONE);
    expect(await step(sandbox, 'apply')).toEqual(DONE);
    expect(await verdict()).toMatchObject({ accepted: true, rootVersion: 4 });
  });

  test('lives on through a restart of the sandbox in the middle', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    await sandbox.close();
    sandbox = await startTestSandbox({ owned: false, stateDir });
    await own();
    await begin(sandbox);
    await stage(sandbox, rotation);
    const before = await readUpdates(sandbox);
    await sandbox.close();
    sandbox = await startTestSandbox({ owned: false, stateDir });
    expect(await readUpdates(sandbox)).toEqual(before);
    expect(await step(sandbox, 'apply')).toEqual(DONE);
    expect(await verdict()).toMatchObject({ accepted: true, rootVersion: 4 });
    rmSync(stateDir, { recursive: true });
  });

  test.each<[string, unknown]>([
    ['', { 'first-time': false, shortcut: false }],
    ['', { message: '', 'first-time': false }],
    ['', { message: 'm', 'first-time': 'yes' }],
    ['/gen-online-keys', { txid: '', 'key-type': 'ED25519' }],
    ['/gen-online-keys', { txid: '', 'key-type': 'ECDSA', targets: true }],
    ['/apply', {}],
    ['/apply', []],
  ])('is refused in another form: POST %s %j', async (path, body) => {
    await own();
    if (path !== '') await begin(sandbox);
    expect(await sandbox.call('alice', 'POST', `${UPDATES}${path}`, body)).toMatchObject({ status: 400 });
  });

  test.each<[string, (root: Root) => unknown]>([
    ['a role missing', (root) => ({ ...root, roles: {} })],
    ['an expiry with an offset', (root) => ({ ...root, expires: '2027-11-22T16:00:00+00:00' })],
    ['a threshold of none', (root) => withThreshold(root, 'root', 0)],
    ['a member that nobody knows', (root) => ({ ...root, 'x-more': 1 })],
    ['a key of another type', (root) => ({ ...root, keys: { k: { keytype: 'ECDSA', keyval: { public: '00' } } } })],
  ])('is refused when it is staged with %s', async (_what, change) => {
    await own();
    await begin(sandbox);
    expect(await stage(sandbox, { ...rotation, change: change as (root: Root) => Root })).toMatchObject({
      status: 400,
    });
  });
});

describe('ownership', () => {
  test('hands out the first root key, which signs the first root of the owner and no later one', async () => {
    const first = await beginFirstTime(sandbox);
    expect(await step(sandbox, 'apply')).toMatchObject({
      status: 422,
      json: { errors: ['Nothing has been changed yet'] },
    });
    const take = (root: Root): Root => withKey(withoutKey(root, 'root', first), 'root', ROOT[0]);
    await stage(sandbox, { change: take, signers: [ROOT[0], first] });
    expect(await step(sandbox, 'apply')).toEqual(DONE);
    const [production] = await sandbox.client('alice').rootChain('production', 3);
    expect(parseRoot(production ?? Buffer.alloc(0)).signed.roles['targets']).toMatchObject({ threshold: 2 });
    expect(await updateRoots(sandbox, { signers: [first] })).toMatchObject({ status: 422 });
  });

  test('is refused while the first root key stays', async () => {
    const first = await beginFirstTime(sandbox);
    await stage(sandbox, { change: (root) => withKey(root, 'root', ROOT[0]), signers: [ROOT[0], first] });
    expect(await step(sandbox, 'apply')).toMatchObject({
      status: 422,
      json: { errors: ['The root key is still the initial online key: take it offline'] },
    });
  });

  test('is taken once', async () => {
    await own();
    expect(await begin(sandbox, true)).toMatchObject({ status: 400 });
  });
});

describe('an active Wave', () => {
  beforeEach(async () => {
    await own();
    await makeWave('w1', 42, [TARGETS[0]]);
  });

  test('keeps offline targets keys from leaving: refused when staged, and when applied if it came later', async () => {
    const refused = { message: expect.stringContaining('offline targets key'), errors: ['Active Wave: w1'] };
    await begin(sandbox);
    expect(await stage(sandbox, rotation)).toEqual({ status: 400, json: refused });
    await sandbox.client('alice').cancelWave('w1');
    expect(await stage(sandbox, rotation)).toEqual(DONE);
    await makeWave('w2', 42, [TARGETS[0]]);
    expect(await step(sandbox, 'apply')).toMatchObject({ status: 423, json: { errors: ['Active Wave: w2'] } });
    await sandbox.client('alice').cancelWave('w2');
    expect(await step(sandbox, 'apply')).toEqual(DONE);
  });

  test('keeps online keys from changing', async () => {
    await begin(sandbox);
    const body = { 'key-type': 'ED25519', timestamp: true, txid: '' };
    expect(await step(sandbox, 'gen-online-keys', body)).toMatchObject({
      status: 400,
      json: { errors: ['Active Wave: w1'] },
    });
    expect(await stage(sandbox, { signers: [ROOT[0]] })).toEqual(DONE);
    expect(await step(sandbox, 'apply')).toEqual(DONE);
  });

  test('is no obstacle to one more targets key, nor to a new root key, and can be signed with them', async () => {
    const change = (root: Root): Root =>
      withKey(withKey(withoutKey(root, 'root', ROOT[0]), 'root', ROOT[1]), 'targets', TARGETS[1]);
    expect(await updateRoots(sandbox, { change, signers: [ROOT[1], ROOT[0]], targetsSigners: [TARGETS[1]] })).toEqual(
      DONE,
    );
    const { signatures } = parseTargets((await sandbox.client('alice').waveTargets('w1')) ?? Buffer.alloc(0));
    expect(signatures.map(({ keyid }) => keyid).slice(0, 2)).toEqual([TARGETS[1].keyid, TARGETS[0].keyid]);
    await sandbox.client('alice').completeWave('w1');
    expect(await verdict()).toMatchObject({ accepted: true, rootVersion: 4, targetsVersion: 42 });
  });

  test('has to be acceptable under the new root like everything in production', async () => {
    const change = (root: Root): Root => withKey(root, 'targets', TARGETS[1]);
    await begin(sandbox);
    await stage(sandbox, { change, productionThreshold: 3, signers: [ROOT[0]] });
    expect(await step(sandbox, 'apply')).toMatchObject({
      status: 422,
      json: {
        errors: [
          'production Targets production need 3 signature(s) by targets keys, have 2',
          'Targets of Wave w1 need 3 signature(s) by targets keys, have 2',
        ],
      },
    });
  });
});

describe('online keys', () => {
  test.each(['ED25519', 'RSA'] as const)(
    'of type %s are put into the staged roots and sign everything anew',
    async (keytype) => {
      await own();
      const client = sandbox.client('alice');
      const before = { ci: parseTargets(await client.ciTargets()), key: await client.onlineTargetsKey() };
      await begin(sandbox);
      await stage(sandbox, { signers: [ROOT[0]] });
      const body = { 'key-type': keytype, snapshot: true, targets: true, timestamp: true, txid: '' };
      expect(await step(sandbox, 'gen-online-keys', body)).toEqual(DONE);
      const { current, updated } = await readUpdates(sandbox);
      const staged = parseRoot(Buffer.from(updated?.['ci-root'] ?? ''));
      expect(staged.signatures).toEqual([]);
      for (const role of ['snapshot', 'targets', 'timestamp']) {
        expect(staged.signed.roles[role]?.keyids[0]).toBe(updated?.['online-keys'][role]);
        expect(updated?.['online-keys'][role]).not.toBe(current['online-keys'][role]);
      }
      expect(await client.onlineTargetsKey()).toEqual(before.key);
      expect(await stage(sandbox, { signers: [ROOT[0]] })).toEqual(DONE);
      expect(await step(sandbox, 'apply')).toEqual(DONE);
      expect(await client.onlineTargetsKey()).toMatchObject({ keytype });
      const after = parseTargets(await client.ciTargets());
      expect(after.sha256).toBe(before.ci.sha256);
      expect(after.signatures.map(({ keyid }) => keyid)).toEqual([updated?.['online-keys']['targets']]);
      expect(await verdict()).toMatchObject({ accepted: true, rootVersion: 4 });
    },
  );
});

describe('several keys', () => {
  test('of root: two of three sign, whichever they are, and one does not', async () => {
    await own({ root: ROOT, rootThreshold: 2 });
    const later = (root: Root): Root => ({ ...root, expires: '2028-06-01T00:00:00Z' });
    for (const signers of [ROOT.slice(0, 2), ROOT.slice(1)]) {
      expect(await updateRoots(sandbox, { change: later, signers })).toEqual(DONE);
    }
    expect(await updateRoots(sandbox, { signers: [ROOT[1]] })).toMatchObject({ status: 422 });
    expect(await verdict()).toMatchObject({ accepted: true, rootVersion: 5 });
  });

  test('of targets: with a production threshold of 3 a Wave waits for the second offline signature', async () => {
    await own();
    const change = (root: Root): Root => withKey(root, 'targets', TARGETS[1]);
    expect(
      await updateRoots(sandbox, { change, productionThreshold: 3, signers: [ROOT[0]], targetsSigners: [TARGETS[1]] }),
    ).toEqual(DONE);
    await makeWave('w1', 42, [TARGETS[0]]);
    expect(await sandbox.client('alice').wave('w1')).toMatchObject({ status: 'needs-signatures' });
    const shown = (await sandbox.call('alice', 'GET', `${BASE}/waves/w1/?show-targets=1`)).json as { targets: unknown };
    const { signedBytes } = parseTargets(encodeCanonical(shown.targets));
    const sign = (key: TufKey): Promise<unknown> =>
      sandbox.call('alice', 'POST', `${BASE}/waves/w1/sign/`, { signatures: [key.sign(signedBytes)] });
    expect(await sign(TARGETS[0])).toMatchObject({ status: 409 });
    expect(await sign(TARGETS[1])).toMatchObject({ status: 200, json: { status: 'active' } });
    await sandbox.client('alice').completeWave('w1');
    expect(await verdict()).toMatchObject({ accepted: true, targetsVersion: 42, rootVersion: 4 });
  });

  test('a lost targets key is replaced with the root key alone', async () => {
    await own();
    await begin(sandbox);
    const deleted = await stage(sandbox, { change: (root) => withoutKey(root, 'targets', TARGETS[0]), signers: [] });
    const added = await stage(sandbox, { change: (root) => withKey(root, 'targets', TARGETS[1]), signers: [] });
    const signed = await stage(sandbox, { signers: [ROOT[0]], targetsSigners: [TARGETS[1]] });
    expect([deleted, added, signed, await step(sandbox, 'apply')]).toEqual([DONE, DONE, DONE, DONE]);
    expect(await verdict()).toMatchObject({
      accepted: true,
      rootVersion: 4,
      signedBy: [TARGETS[1].keyid, expect.any(String)],
    });
  });
});
