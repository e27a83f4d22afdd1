import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FioctlError } from '../../../scripts/demo/fioctl-connection.js';
import type { Fioctl } from '../../../scripts/demo/fioctl.js';
import { freshCiTargets } from '../../../src/sandbox/ci-targets.js';
import { encodeCanonical, parseRoot, parseTargets, serializeMetadata } from '../../../src/tuf/index.js';
import { askDevice } from '../../support/device.js';
import { EXPIRES, FACTORY } from '../../support/sandbox.js';
import { createGatewayWorld, type GatewayWorld } from '../gateway-world.js';

/** Production targets that only the Factory has signed, as they are when a Factory had production devices before it had an owner. */
const P = `/ota/repo/${FACTORY}/api/v1/user_repo`;
const [[target, entry] = ['', undefined]] = Object.entries(freshCiTargets(FACTORY));
const signed = {
  _type: 'Targets',
  expires: EXPIRES,
  targets: { [target]: { ...entry, custom: { ...entry?.custom, tags: ['production'] } } },
  version: Number(entry?.custom?.['version']),
};
const productionTargets = {
  production: serializeMetadata({ signatures: [], signedBytes: encodeCanonical(signed) }).toString(),
};

let world: GatewayWorld;
let erin: Fioctl;

/** What fioctl prints when it is refused. */
async function refusal(command: Promise<unknown>): Promise<{ status: number; text: string }> {
  const error: unknown = await command.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FioctlError)) throw new Error(`not refused: ${String(error)}`);
  return { status: error.status, text: error.message };
}

async function signers(): Promise<string[]> {
  const production = await world.sandbox.client('bob').productionTargets('production');
  return parseTargets(production ?? Buffer.alloc(0)).signatures.map(({ keyid }) => keyid);
}

async function approveAndApply(): Promise<void> {
  expect(await refusal(erin.apply())).toMatchObject({ status: 423 });
  const [open] = (await world.service.list({ state: 'open', limit: 1 })).items;
  // it is shown to the officers whole
  expect((await world.service.diff(open?.id ?? '')).text).toContain(target);
  await world.approveAll();
  await erin.apply();
  const source = { url: world.sandbox.url, factory: FACTORY, token: world.sandbox.token('dave') };
  const device = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };
  expect(await askDevice(source, device, world.sandbox.clock.now())).toMatchObject({ accepted: true });
}

describe('the first targets key of a new Factory', () => {
  beforeAll(async () => {
    world = await createGatewayWorld({ productionTargets });
    await world.hold('root', 1);
    await world.hold('targets', 1);
    await world.askForRoot();
    await world.approveAll();
    erin = await world.fioctl('erin');
  }, 120_000);
  afterAll(() => world.end());

  test('is refused unsigned, with the command that puts it into the roots', async () => {
    await erin.init('Unsigned');
    const { status, text } = await refusal(erin.stageRotation('targets', 'ED25519', false));
    expect([status, text]).toEqual([403, expect.stringContaining('countersign root take-ownership --role targets')]);
    await erin.cancel();
  });

  test('leaves what it has not signed without a signature, so fioctl is told to sign it', async () => {
    const { status, text } = await refusal(erin.rotateOfflineKey('targets'));
    expect([status, text]).toEqual([422, expect.stringContaining('fioctl keys tuf updates sign-prod-targets')]);
    expect((await erin.review()).join()).toContain('Take ownership of targets');
  });

  test('names documents only with a signature that holds: a Factory token alone does not', async () => {
    const updates = (await (await fetch(`${world.url}${P}/root/updates`, { headers: osfToken() })).json()) as {
      updated: { 'ci-root': string; 'prod-root': string };
    };
    const { 'ci-root': ci, 'prod-root': production } = updates.updated;
    const roots = { 'ci-root': JSON.parse(ci) as object, 'prod-root': JSON.parse(production) as object };
    const keyid = parseRoot(Buffer.from(ci)).signed.roles['targets']?.keyids.at(-1) ?? '';
    const sig = Buffer.alloc(64).toString('base64');
    for (const signatures of [[], [{ keyid, method: 'ed25519', sig }]]) {
      const body = JSON.stringify({ txid: '', ...roots, 'targets-signatures': { production: signatures } });
      const answer = await fetch(`${world.url}${P}/root/updates`, { method: 'PUT', headers: osfToken(), body });
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('REQUEST_SIGNATURE_REFUSED')]);
    }
    expect((await erin.review()).join()).not.toContain('Sign production Targets');
  });

  test('signs the document once officers have read it', async () => {
    await erin.signProdTargets();
    expect((await erin.review()).join()).toContain('Sign production Targets of tag production');
    await approveAndApply();
    expect(await signers()).toContain(world.keys.targets[0]?.keyid);
  });

  function osfToken() {
    return { 'osf-token': world.sandbox.token('alice') };
  }
});

describe('a targets key in force', () => {
  beforeAll(async () => {
    world = await createGatewayWorld({ owned: true, productionTargets });
    erin = await world.fioctl('erin');
  }, 120_000);
  afterAll(() => world.end());

  test('signs a document that none has signed, asked for with a request key', async () => {
    expect(await signers()).not.toContain(world.keys.targets[0]?.keyid);
    await erin.init('Sign what is old');
    await erin.signProdTargets();
    await erin.sign();
    await approveAndApply();
    expect(await signers()).toContain(world.keys.targets[0]?.keyid);
  });
});
