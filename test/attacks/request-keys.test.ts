/**
 * What a request key is worth in the wrong hands: fioctl's own calls, and forged ones, through the gateway and past it. Behind it the real
 * service, the real signer's engine with tokens in memory, and the sandbox as the Factory.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fioctl } from '../../scripts/demo/fioctl.js';
import { connectFioctl } from '../../scripts/demo/fioctl-connection.js';
import { rootTransactionSchema } from '../../src/api/schemas/root-updates.js';
import { formatTransaction } from '../../src/cli/root/format-root.js';
import { signOffline, type OfflineKey } from '../../src/offline-keys/index.js';
import type { RequestKey } from '../../src/signing/index.js';
import { encodeCanonical, keyidOf, parseRoot, type Root, type Signature } from '../../src/tuf/index.js';
import { createGatewayWorld, type Engineer, type GatewayWorld } from '../gateway/gateway-world.js';
import { person } from '../signing/world.js';
import { rejectionOf } from '../support/reject-code.js';
import { buildWave, FACTORY } from '../support/sandbox.js';

const TAG = 'production';
const WAVES = `/ota/factories/${FACTORY}/waves/`;
const UPDATES = `/ota/repo/${FACTORY}/api/v1/user_repo/root/updates`;
/** Has an account at the Factory, and no request key. */
const STRANGER = 'dave';

let world: GatewayWorld;
beforeAll(async () => {
  world = await createGatewayWorld();
  for (const name of ['erin', 'frank'] as const) await world.keysOf(name);
});
afterAll(() => world.end());

const tokenOf = (name: string): string => world.sandbox.token(name);
const ERINS_ACCOUNT = 'alice';
const FRANKS_ACCOUNT = 'bob';

async function targetsKeyOf(name: Engineer): Promise<OfflineKey> {
  const [, targets] = await world.keysOf(name);
  if (targets === undefined) throw new Error('an engineer has a key for each role');
  return targets;
}

/** A Wave as fioctl would post it, signed with whatever key under the offline key's keyid. */
async function wave(name: string, by: OfflineKey, change: (bytes: Buffer) => Buffer = (bytes) => bytes) {
  const bytes = await buildWave(world.sandbox.client(FRANKS_ACCOUNT), 42, TAG);
  const signature = signOffline(by, world.keys.targets[0]?.keyid ?? '', bytes);
  const targets = { signed: JSON.parse(change(bytes).toString()) as unknown, signatures: [signature] };
  return { name, version: '42', tag: TAG, targets };
}

/** What the gateway answers to a Wave that was made by hand. */
async function post(body: object, token: string, url: string = world.url): Promise<string> {
  return connectFioctl({ url, factory: FACTORY, token })
    .call('POST', WAVES, body)
    .then(
      () => 'taken',
      (error: unknown) => String(error),
    );
}

async function open(): Promise<string[]> {
  return (await world.service.list({ state: 'open', limit: 10 })).items.map(({ id }) => id);
}

/** Nothing was signed, and nothing waits to be. */
async function requireNothing(): Promise<void> {
  await world.service.reconcile();
  expect(await open()).toEqual([]);
  expect([world.root.signed.length, world.targets.signed.length]).toEqual([0, 0]);
}

describe('a stolen keys file', () => {
  it('without the Factory token asks for nothing', async () => {
    const body = await wave('stolen', await targetsKeyOf('erin'));
    expect(await post(body, 'a-guessed-token')).toMatch(/401/);
    expect(await post(body, tokenOf(STRANGER))).toMatch(/403[^]*has no request key for targets[^]*request-key create/);
    await requireNothing();
  });

  it('with another engineer’s own token asks for nothing, by fioctl or by hand', async () => {
    const settings = { url: world.url, factory: FACTORY, token: tokenOf(FRANKS_ACCOUNT) };
    const fioctl = new Fioctl(settings, await world.keysOf('erin'));
    await expect(fioctl.initWave('stolen', 42, TAG)).rejects.toThrow('No private key found');
    const body = await wave('stolen', await targetsKeyOf('erin'));
    expect(await post(body, tokenOf(FRANKS_ACCOUNT))).toMatch(/403[^]*a request key that is not yours/);
    await requireNothing();
  });

  it('with its owner’s Factory token asks in the owner’s name, and decides nothing; revoked, it asks no more', async () => {
    const thief = await world.fioctl('erin');
    await expect(thief.initWave('thief', 42, TAG)).rejects.toMatchObject({ status: 423 });
    const [id = ''] = await open();
    expect((await world.service.get(id)).requester).toMatchObject({ name: 'erin', via: 'fioctl' });
    const sshsig = world.fixture.approve('alice', await world.service.statement(id));
    await world.service.approve(id, { sshsig }, person('alice'));

    const [key] = (await world.service.requestKeys(FACTORY)).filter(({ name }) => name === 'erin');
    await world.service.revokeRequestKeys(key?.set ?? '', person('erin'));
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'cancelled' });
    const second = world.fixture.approve('bob', await world.service.statement(id));
    expect(await rejectionOf(world.service.approve(id, { sshsig: second }, person('bob')))).toMatch(/^REQUEST_STATE/);

    await expect(thief.initWave('thief', 42, TAG)).rejects.toThrow('No private key found');
    const body = await wave('thief', await targetsKeyOf('erin'));
    expect(await post(body, tokenOf(ERINS_ACCOUNT))).toMatch(/403[^]*has no request key/);
    expect(await post(body, tokenOf(FRANKS_ACCOUNT))).toMatch(/403[^]*revoked/);
    await requireNothing();
  });
});

describe('what is sent through the gateway', () => {
  it('is refused if somebody altered it after it was signed', async () => {
    for (const [from, to] of [
      ['"length":0', '"length":1'],
      [`"tags":["${TAG}"]`, '"tags":["staging"]'],
    ] as const) {
      const body = await wave('altered', await targetsKeyOf('frank'), (bytes) => {
        expect(bytes.toString()).toContain(from);
        return Buffer.from(bytes.toString().replaceAll(from, to));
      });
      expect(await post(body, tokenOf(FRANKS_ACCOUNT))).toMatch(/403[^]*not what was signed/);
    }
    await requireNothing();
  });

  it('is refused if the offline key itself signed it', async () => {
    const bytes = await buildWave(world.sandbox.client(FRANKS_ACCOUNT), 42, TAG);
    const signatures = [world.keys.targets[0]?.sign(bytes)];
    const body = {
      name: 'real',
      version: '42',
      tag: TAG,
      targets: { signed: JSON.parse(bytes.toString()) as unknown, signatures },
    };
    expect(await post(body, tokenOf(FRANKS_ACCOUNT))).toMatch(/403[^]*offline key itself/);
    await requireNothing();
  });
});

describe('a request key past the gateway, at the Factory itself', () => {
  it('makes no Wave there', async () => {
    const settings = { url: world.sandbox.url, factory: FACTORY, token: tokenOf(FRANKS_ACCOUNT) };
    const fioctl = new Fioctl(settings, await world.keysOf('frank'));
    await expect(fioctl.initWave('past', 42, TAG)).rejects.toThrow('No private key found');
    const body = await wave('past', await targetsKeyOf('frank'));
    expect(await post(body, tokenOf(FRANKS_ACCOUNT), world.sandbox.url)).toMatch(/ 4\d\d\n/);
    expect(await world.sandbox.client(FRANKS_ACCOUNT).wave('past')).toBeNull();
  });

  it('is not applied in a root, and the service says who stages whose', async () => {
    const [key] = await franksKeys();
    const frank = connectFioctl({ url: world.sandbox.url, factory: FACTORY, token: tokenOf(FRANKS_ACCOUNT) });
    await frank.call('POST', UPDATES, { 'first-time': false, message: 'past Countersign', shortcut: false });
    try {
      const { updated } = (await frank.call('GET', UPDATES)) as { updated: { 'ci-root': string } };
      const ci = withKey(parseRoot(Buffer.from(updated['ci-root'])).signed, key);
      const production = { ...ci, roles: { ...ci.roles, targets: { ...ci.roles['targets'], threshold: 2 } } };
      const [held] = await world.keysOf('frank');
      const sign = (root: object): Signature[] =>
        held === undefined ? [] : [signOffline(held, keyidOf(held.key), encodeCanonical(root))];
      await frank.call('PUT', UPDATES, {
        txid: '',
        'ci-root': { signed: ci, signatures: sign(ci) },
        'prod-root': { signed: production, signatures: sign(production) },
      });
      await expect(frank.call('POST', `${UPDATES}/apply`, { txid: '' })).rejects.toThrow(
        /signature\(s\) by current root/,
      );

      const state = await world.service.rootTransaction(FACTORY);
      expect(state).toMatchObject({ transaction: 'foreign', requestKeys: [{ keyid: key.keyid, name: 'frank' }] });
      expect(formatTransaction(rootTransactionSchema.parse(state))).toMatch(/stages the request key .* of frank/);
      world.advance(120_000);
      await world.service.reconcile();
      world.advance(120_000);
      await world.service.reconcile();
      const { items } = await world.service.events({ limit: 200 });
      expect(items.filter(({ type }) => type === 'request-key-staged')).toMatchObject([
        { details: { name: 'frank', keyid: key.keyid, factory: FACTORY } },
      ]);
    } finally {
      await frank.call('POST', `${UPDATES}/cancel`);
    }
    expect((await world.service.rootTransaction(FACTORY)).requestKeys).toEqual([]);
  });

  it('is refused by the service in the roots that it is asked to have signed', async () => {
    const [key] = await franksKeys();
    const client = world.sandbox.client(FRANKS_ACCOUNT);
    const next = async (repository: 'ci' | 'production'): Promise<Buffer> => {
      const newest = (await client.rootChain(repository, 1)).at(-1) ?? Buffer.alloc(0);
      const { signed } = parseRoot(newest);
      const changelog = { 'polis-id': 'p', message: 'm', timestamp: '2026-11-22T16:00:00Z' };
      return encodeCanonical(withKey({ ...signed, version: signed.version + 1, 'x-changelog': changelog }, key));
    };
    const roots = { ci: await next('ci'), production: await next('production') };
    const asked = world.service.submitRootUpdate({ factory: FACTORY, reason: 'a test', ...roots }, person('frank'));
    expect(await rejectionOf(asked)).toMatch(/^REQUEST_KEY_IN_ROOT/);
    await requireNothing();
  });
});

async function franksKeys(): Promise<[RequestKey]> {
  const [key] = (await world.service.requestKeys(FACTORY)).filter(({ name }) => name === 'frank');
  if (key === undefined) throw new Error('frank has request keys');
  return [key];
}

/** The root with the key in the role root, as fioctl adds an offline key. */
function withKey(root: Root, { key, keyid }: RequestKey): Root {
  const { keyids = [], threshold = 1 } = root.roles['root'] ?? {};
  return {
    ...root,
    keys: { ...root.keys, [keyid]: key },
    roles: { ...root.roles, root: { keyids: [...keyids, keyid], threshold } },
    'x-key-owners': { ...root['x-key-owners'], [keyid]: { 'polis-id': 'p', 'created-at': '2026-11-22T16:00:00Z' } },
  };
}
