import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FioctlError } from '../../../scripts/demo/fioctl-connection.js';
import type { Fioctl } from '../../../scripts/demo/fioctl.js';
import { keyidOf, parseRoot, parseTargets } from '../../../src/tuf/index.js';
import { person } from '../../signing/world.js';
import { askDevice } from '../../support/device.js';
import { FACTORY } from '../../support/sandbox.js';
import { createGatewayWorld, type GatewayWorld } from '../gateway-world.js';

// One Factory with one history: each test begins where the one before has ended, with no transaction under way.
let world: GatewayWorld;
let erin: Fioctl;
beforeAll(async () => {
  world = await createGatewayWorld();
  erin = await world.fioctl('erin');
}, 120_000);
afterAll(() => world.end());

async function newestRoot(repository: 'ci' | 'production' = 'production') {
  const roots = await world.sandbox.client('bob').rootChain(repository, 1);
  return parseRoot(roots.at(-1) ?? Buffer.alloc(0)).signed;
}

/** What fioctl prints when it is refused. */
async function refusal(command: Promise<unknown>): Promise<{ status: number; text: string }> {
  const error: unknown = await command.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FioctlError)) throw new Error(`not refused: ${String(error)}`);
  return { status: error.status, text: error.message };
}

/** What the store has of the transaction that erin's fioctl sees. */
async function storedDraft() {
  const [key] = await world.service.requestKeys(FACTORY);
  const draft = await world.store.gatewayDrafts.find(FACTORY, key?.polisId ?? '');
  if (draft === null) throw new Error('there is no draft');
  return draft;
}

/** A Factory's device has to take what is published. */
async function askBoard() {
  const source = { url: world.sandbox.url, factory: FACTORY, token: world.sandbox.token('dave') };
  const device = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };
  return askDevice(source, device, world.sandbox.clock.now());
}

/** Nobody's file has a key that any root names. */
async function requireNoKeyOf(fioctl: Fioctl): Promise<void> {
  const { keys } = await newestRoot();
  const values = Object.values(keys).map(keyidOf);
  for (const { key } of fioctl.keys) expect(values).not.toContain(keyidOf(key));
}

describe('what goes through', () => {
  test('a Wave goes into production, for what follows to be signed again', async () => {
    expect((await refusal(erin.initWave('w42', 42, 'production'))).status).toBe(423);
    await world.approveAll();
    await erin.initWave('w42', 42, 'production');
    await erin.completeWave('w42');
  });

  test('a targets key is rotated: 423 until it was approved, then the standby key of the token is in the root', async () => {
    const { version } = await newestRoot();
    const { status, text } = await refusal(erin.rotateOfflineKey('targets'));
    expect([status, text]).toEqual([423, expect.stringMatching(/waits for approval \(request req_\w+\)/)]);
    expect(text).toContain('countersign approve req_');
    expect((await erin.review()).join()).toContain('waits for 2 of 2 approvals');
    expect((await refusal(erin.apply())).status).toBe(423);
    await world.approveAll();
    await erin.apply();
    const root = await newestRoot();
    expect(root.version).toBe(version + 1);
    expect(root.roles['targets']?.keyids).toContain(world.keys.targets[1]?.keyid);
    expect(root.roles['targets']?.keyids).not.toContain(world.keys.targets[0]?.keyid);
    const production = await world.sandbox.client('bob').productionTargets('production');
    const signed = parseTargets(production ?? Buffer.alloc(0)).signatures.map(({ keyid }) => keyid);
    expect(signed).toContain(world.keys.targets[1]?.keyid);
    expect(await askBoard()).toMatchObject({ accepted: true, rootVersion: root.version });
    await requireNoKeyOf(erin);
  });

  test('a repeated apply finds nothing in progress any more', async () => {
    expect((await refusal(erin.apply())).text).toContain('no TUF root updates in progress');
  });

  test('a root key is rotated though the keys of an old rotation are in the file, and a threshold with it', async () => {
    await erin.init('Yearly');
    await erin.stageRotation('root', 'ED25519', true);
    await erin.setThreshold('targets', 2);
    await erin.sign();
    expect((await erin.review()).join()).toMatch(/Replace key \w+ of root/);
    expect((await refusal(erin.apply())).status).toBe(423);
    await world.approveAll();
    await erin.apply();
    expect((await newestRoot()).roles['root']?.keyids).toContain(world.keys.root[1]?.keyid);
    expect(await askBoard()).toMatchObject({ accepted: true });
    await requireNoKeyOf(erin);
  });

  test('a threshold alone is put unsigned, and has to be signed before it is asked for', async () => {
    await erin.init('Two of root');
    await erin.setThreshold('root', 2);
    expect(await refusal(erin.apply())).toMatchObject({ status: 403, text: expect.stringContaining('updates sign') });
    await erin.sign();
    expect((await erin.review()).join()).toContain('Threshold of root: 2');
    await erin.cancel();
  });

  test('new online keys are made by the Factory once the request is made', async () => {
    const { roles } = await newestRoot();
    await erin.init('Online keys');
    await erin.rotateOnlineKey(['snapshot', 'timestamp'], 'ED25519');
    await erin.sign();
    expect((await refusal(erin.apply())).status).toBe(423);
    await world.approveAll();
    await erin.apply();
    const after = await newestRoot();
    expect(after.roles['snapshot']?.keyids).not.toEqual(roles['snapshot']?.keyids);
    expect(after.roles['targets']?.keyids).toEqual(roles['targets']?.keyids);
  });

  test('what was asked for is found again by a process that had ended before it wrote that down', async () => {
    await erin.init('Once');
    await erin.sign();
    const before = await storedDraft();
    await refusal(erin.apply());
    const asked = await storedDraft();
    const forgetful = { ...asked, revision: asked.revision + 1, text: before.text };
    expect(await world.store.gatewayDrafts.replace(forgetful)).toBe(true);
    expect((await erin.review()).join()).toContain('waits for 2 of 2 approvals');
    const { items } = await world.service.list({ state: 'open', limit: 10 });
    expect((await refusal(erin.apply())).text).toContain(items[0]?.id);
    await erin.cancel();
    await world.service.reconcile();
    expect((await world.service.list({ state: 'open', limit: 10 })).items).toEqual([]);
  });

  test('roots are signed anew, and fioctl waits for the officers itself if its extraheaders say so', async () => {
    const { version } = await newestRoot();
    const patient = await world.fioctl('erin', { Prefer: 'wait=60' });
    await erin.init('Again');
    await erin.sign();
    await refusal(erin.apply());
    const applied = patient.apply();
    await world.approveAll();
    await applied;
    expect((await newestRoot()).version).toBe(version + 1);
  });

  test('keys resign-root moves the expiry a year on', async () => {
    const { expires, version, keys } = await newestRoot();
    world.advance(24 * 3600_000);
    expect((await refusal(erin.resignRoot())).status).toBe(423);
    await world.approveAll();
    await erin.apply();
    const after = await newestRoot();
    expect(after).toMatchObject({ version: version + 1, keys });
    expect(Date.parse(after.expires) - Date.parse(expires)).toBe(24 * 3600_000);
  });
});

describe('what is refused, with the command to use instead', () => {
  test.each([
    ['first-time', () => erin.init('Mine', { firstTime: true }), 'countersign contribute --first-time'],
    ['add-offline-key', () => step(() => erin.addOfflineKey('root')), 'countersign root add-key --role root'],
    [
      'delete-offline-key',
      () => step(() => erin.deleteOfflineKey('targets', world.keys.targets[1]?.keyid ?? '')),
      'countersign root remove-key',
    ],
    [
      'an unsigned rotation',
      () => step(() => erin.stageRotation('root', 'ED25519', false)),
      'countersign root rotate-key --role root --old ',
    ],
  ])('%s', async (_name, command, instead) => {
    expect(await refusal(command())).toMatchObject({ status: 403, text: expect.stringContaining(instead) });
  });

  test('a transaction of somebody else at the Factory itself', async () => {
    await world.sandbox.client('bob').beginRootUpdate({ message: 'Mine' });
    expect(await refusal(erin.init('Mine too'))).toMatchObject({
      status: 409,
      text: expect.stringContaining('A root updates transaction is already active'),
    });
    expect(await refusal(erin.apply())).toMatchObject({
      status: 403,
      text: expect.stringContaining('not one of yours'),
    });
    await world.sandbox.client('bob').cancelRootUpdate();
  });

  test('a rotation without a standby key in the token: asking again does not help', async () => {
    expect(await refusal(step(() => erin.stageRotation('targets', 'RSA', true)))).toMatchObject({
      status: 422,
      text: expect.stringContaining('countersign key generate --role targets'),
    });
  });

  test('what was begun over roots that are not in force any more', async () => {
    await erin.init('Slow');
    await erin.sign();
    await world.update({ op: 'resign' });
    const outdated = { status: 422, text: expect.stringContaining('have changed since this was begun') };
    expect(await refusal(erin.apply())).toMatchObject(outdated);
    expect(await refusal(erin.sign())).toMatchObject(outdated);
    expect((await erin.review()).join()).toContain('cancel this and begin anew');
    await erin.cancel();
  });

  test('the next transaction while the one that was given up is taken back at the Factory', async () => {
    await erin.init('First');
    await erin.sign();
    await refusal(erin.apply());
    await erin.cancel();
    expect(await refusal(erin.init('Second'))).toMatchObject({
      status: 409,
      text: expect.stringContaining('is being taken back: try again in a moment'),
    });
    await world.service.reconcile();
    await erin.init('Second');
    await erin.cancel();
  });

  test('a rejection ends the transaction when it is applied, in the officer’s words', async () => {
    await erin.init('No');
    await erin.sign();
    await refusal(erin.apply());
    const [open] = (await world.service.list({ state: 'open', limit: 1 })).items;
    const id = open?.id ?? '';
    const { text, sshsig } = world.fixture.reject('alice', await world.service.statement(id), 'not this week');
    await world.service.reject(id, { rejection: text, sshsig }, person('alice'));
    expect(await refusal(erin.apply())).toMatchObject({
      status: 422,
      text: expect.stringContaining('not this week'),
    });
    await erin.cancel();
  });

  /** In a transaction of its own, which is given up. */
  async function step(work: () => Promise<unknown>): Promise<unknown> {
    await erin.init('A step');
    try {
      return await work();
    } finally {
      await erin.cancel();
    }
  }
});
