import { beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import { parseTargets, sha256Hex, type Targets } from '../../src/tuf/index.js';
import { buildWave, createOfflineSigner, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const WAVES = '/ota/factories/acme/waves/';
let sandbox: TestSandbox;

beforeEach(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.close());

/** The body of `POST …/waves/`, parsed, with whatever a test wants to have wrong in it. */
async function waveBody(
  options: {
    name?: string;
    version?: number | string;
    tag?: string;
    change?: (signed: Targets) => unknown;
    signers?: (typeof sandbox.offline)[];
  } = {},
): Promise<Record<string, unknown>> {
  const { name = 'w1', version = 42, tag = 'production', change, signers = [sandbox.offline] } = options;
  const signed = await buildWave(sandbox.client('bob'), Number(version), tag, change);
  return {
    name,
    version: String(version),
    tag,
    targets: JSON.parse(signedBy(signed, ...signers).toString()) as unknown,
  };
}

describe('a new Wave', () => {
  test('with a valid offline signature is active, carries the online signature too and is the Wave of its tag', async () => {
    const client = sandbox.client('alice');
    const signed = await buildWave(client, 42, 'production');
    await client.createWave({
      name: 'w1',
      version: 42,
      tag: 'production',
      metadata: signedBy(signed, sandbox.offline),
    });

    expect(await client.wave('w1')).toMatchObject({ name: 'w1', version: 42, tag: 'production', status: 'active' });
    const targets = parseTargets((await client.waveTargets('w1')) ?? Buffer.alloc(0));
    expect(targets.sha256).toBe(sha256Hex(signed));
    expect(targets.signatures.map(({ keyid }) => keyid)).toEqual([sandbox.offline.keyid, await onlineKeyid()]);
    expect(await client.productionTargets('production')).toBeNull();
  });

  test.each<[string, string, () => Promise<unknown>]>([
    ['that is no object', 'not of the expected form', () => Promise.resolve([])],
    ['that is text', 'not of the expected form', () => Promise.resolve('"w1"')],
    ['that is broken JSON', 'not acceptable JSON', () => Promise.resolve('{"name":')],
    ['with a duplicate member', 'not acceptable JSON', () => Promise.resolve('{"name":"w1","name":"w2"}')],
    ['with a member too many', 'not of the expected form', async () => ({ ...(await waveBody()), force: true })],
    ['with a number as version', 'not of the expected form', async () => ({ ...(await waveBody()), version: 42 })],
    [
      'with another version than its Targets',
      'version of the Wave',
      async () => ({ ...(await waveBody()), version: '43' }),
    ],
    ['with a name that walks up the path', 'not of the expected form', () => waveBody({ name: '..' })],
    ['with a tag of two tags', 'not of the expected form', async () => ({ ...(await waveBody()), tag: 'a,b' })],
    [
      'with a float',
      'not acceptable JSON',
      () => Promise.resolve('{"name":"w1","version":"42","tag":"a","targets":{"x":1.5}}'),
    ],
    ['with non-ASCII text in it', 'not acceptable JSON', async () => ({ ...(await waveBody()), name: 'wé' })],
    [
      'with expired Targets',
      'have expired',
      () => waveBody({ change: (s) => ({ ...s, expires: '2026-11-22T15:59:59Z' }) }),
    ],
    [
      'with fractions of a second',
      'not valid metadata',
      () => waveBody({ change: (s) => ({ ...s, expires: '2027-11-22T16:00:00.5Z' }) }),
    ],
    [
      'with an unknown member of signed',
      'members that nobody knows',
      () => waveBody({ change: (s) => ({ ...s, note: 'x' }) }),
    ],
    ['for roots', 'not valid metadata', () => waveBody({ change: (s) => ({ ...s, _type: 'Root' }) })],
    [
      'with a Target nobody built',
      'no such Target',
      () => waveBody({ change: (s) => renameTarget(s, 'intel-corei7-64-lmp-42', 'evil') }),
    ],
    ['with another digest', 'differs from the CI Target', () => waveBody({ change: (s) => changeDigest(s) })],
    [
      'with the tag of CI left in',
      'differs from the CI Target',
      () => waveBody({ change: (s) => changeTags(s, ['production', 'master']) }),
    ],
    [
      'with the tag of another Wave',
      'differs from the CI Target',
      () => waveBody({ change: (s) => changeTags(s, ['other']) }),
    ],
    [
      'with Targets of another build',
      'not a Target of version 41',
      async () => ({ ...(await waveBody({ change: (s) => ({ ...s, version: 41 }) })), version: '41' }),
    ],
    ['without a signature', 'carry no offline signature', () => waveBody({ signers: [] })],
    ['signed by a stranger', 'not by an offline targets key', () => waveBody({ signers: [createOfflineSigner()] })],
    [
      'signed twice by one key',
      'signatures do not count',
      () => waveBody({ signers: [sandbox.offline, sandbox.offline] }),
    ],
  ])('%s is refused', async (_what, reason, body) => {
    const answer = await sandbox.call('alice', 'POST', WAVES, await body());
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.json)).toContain(reason);
    expect(await sandbox.client('alice').waves()).toEqual([]);
  });

  test('whose signature covers other bytes is refused, naming the signature', async () => {
    const body = await waveBody();
    const other = await buildWave(sandbox.client('alice'), 41, 'production');
    const signatures = [sandbox.offline.sign(other)];
    const targets = { ...(body['targets'] as object), signatures };
    expect(await sandbox.call('alice', 'POST', WAVES, { ...body, targets })).toMatchObject({
      status: 400,
      json: { message: 'A signature does not verify', errors: [expect.stringContaining('/targets/signatures/0')] },
    });
  });

  test('signed by the online key from outside is refused', async () => {
    const client = sandbox.client('alice');
    const ci = parseTargets(await client.ciTargets());
    const body = await waveBody();
    const targets = { ...(body['targets'] as object), signatures: ci.signatures };
    expect(await sandbox.call('alice', 'POST', WAVES, { ...body, targets })).toMatchObject({ status: 400 });
  });

  test('of a name that was there before is refused, also after that Wave ended', async () => {
    const client = sandbox.client('alice');
    expect(await sandbox.call('alice', 'POST', WAVES, await waveBody())).toMatchObject({ status: 201 });
    await client.cancelWave('w1');
    expect(await sandbox.call('alice', 'POST', WAVES, await waveBody())).toMatchObject({ status: 409 });
  });

  test('for a tag with an active Wave is refused; for another tag it is not', async () => {
    expect(await sandbox.call('alice', 'POST', WAVES, await waveBody())).toMatchObject({ status: 201 });
    expect(await sandbox.call('alice', 'POST', WAVES, await waveBody({ name: 'w2' }))).toMatchObject({
      status: 409,
      json: { errors: ['Active Wave: w1'] },
    });
    const other = await waveBody({ name: 'w3', tag: 'constructor' });
    expect(await sandbox.call('alice', 'POST', WAVES, other)).toMatchObject({ status: 201 });
  });

  test('of two that come at the same time for one tag, one is made', async () => {
    const bodies = await Promise.all(['a', 'b', 'c', 'd'].map((name) => waveBody({ name })));
    const answers = await Promise.all(bodies.map((body) => sandbox.call('alice', 'POST', WAVES, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(await sandbox.client('alice').waves({ status: 'active' })).toHaveLength(1);
  });

  test('needs a root that names an offline key', async () => {
    const fresh = await startTestSandbox({ owned: false });
    const signed = await buildWave(fresh.client('alice'), 42, 'production');
    const metadata = signedBy(signed, fresh.offline);
    await expect(
      fresh.client('alice').createWave({ name: 'w1', version: 42, tag: 'production', metadata }),
    ).rejects.toMatchObject({ code: 'FACTORY_REFUSED', details: { status: 400 } });
    await fresh.close();
  });
});

describe('an active Wave', () => {
  beforeEach(async () => {
    expect(await sandbox.call('alice', 'POST', WAVES, await waveBody())).toMatchObject({ status: 201 });
  });

  test('moves into the production targets of its tag when it is completed, bytes unchanged', async () => {
    const client = sandbox.client('bob');
    const before = await client.waveTargets('w1');
    await client.completeWave('w1');
    expect(await client.productionTargets('production')).toEqual(before);
    expect(await client.waveTargets('w1')).toBeNull();
    expect(await client.wave('w1')).toMatchObject({ status: 'complete' });
  });

  test('leaves production as it was when it is canceled, and frees the tag', async () => {
    const client = sandbox.client('bob');
    await client.cancelWave('w1');
    expect(await client.wave('w1')).toMatchObject({ status: 'canceled' });
    expect(await client.productionTargets('production')).toBeNull();
    expect(await sandbox.call('alice', 'POST', WAVES, await waveBody({ name: 'w2' }))).toMatchObject({ status: 201 });
  });

  test.each(['complete', 'cancel', 'sign', 'rollout'])(
    'takes no further step once it is complete: %s',
    async (step) => {
      await sandbox.client('bob').completeWave('w1');
      const body =
        step === 'rollout'
          ? {}
          : step === 'sign'
            ? { signatures: [{ keyid: 'k', method: 'ed25519', sig: '' }] }
            : undefined;
      expect(await sandbox.call('alice', 'POST', `${WAVES}w1/${step}/`, body)).toMatchObject({ status: 409 });
    },
  );

  test('sets the mark for the next version: the same or a lower one is refused once it is completed', async () => {
    await sandbox.client('bob').completeWave('w1');
    const again = await waveBody({ name: 'w2', version: 42 });
    expect(await sandbox.call('alice', 'POST', WAVES, again)).toMatchObject({ status: 409 });
    const lower = await waveBody({ name: 'w3', version: 41 });
    expect(await sandbox.call('alice', 'POST', WAVES, lower)).toMatchObject({ status: 409 });
    const higher = await waveBody({ name: 'w4', version: 43 });
    expect(await sandbox.call('alice', 'POST', WAVES, higher)).toMatchObject({ status: 201 });
  });

  test('may drop production Targets but not change them', async () => {
    await sandbox.client('bob').completeWave('w1');
    const changed = await waveBody({ name: 'w2', version: 43, change: (signed) => changeDigest(signed) });
    expect(await sandbox.call('alice', 'POST', WAVES, changed)).toMatchObject({
      status: 400,
      json: { errors: [expect.stringContaining('differs from the production Target')] },
    });
    const pruned = await waveBody({ name: 'w2', version: 43, change: (signed) => only43(signed) });
    expect(await sandbox.call('alice', 'POST', WAVES, pruned)).toMatchObject({ status: 201 });
  });
});

test('a Wave below the threshold waits for `waves sign`, holds its tag meanwhile and is for no device', async () => {
  const second = createOfflineSigner();
  const owned = await startTestSandbox({
    offlineKeys: { root: [], targets: [sandbox.offline.key, second.key] },
    productionThreshold: 3,
  });
  const client = owned.client('alice');
  const signed = await buildWave(client, 42, 'production');
  const metadata = signedBy(signed, sandbox.offline);
  await client.createWave({ name: 'w1', version: 42, tag: 'production', metadata });
  expect(await client.wave('w1')).toMatchObject({ status: 'needs-signatures' });
  expect(await client.waveTargets('w1')).toBeNull();
  await expect(client.completeWave('w1')).rejects.toMatchObject({ details: { status: 409 } });
  await expect(client.createWave({ name: 'w2', version: 42, tag: 'production', metadata })).rejects.toMatchObject({
    code: 'FACTORY_REFUSED',
    details: { status: 409 },
  });

  await expect(client.signWave('w1', [sandbox.offline.sign(signed)])).rejects.toMatchObject({
    details: { status: 409 },
  });
  await expect(client.signWave('w1', [createOfflineSigner().sign(signed)])).rejects.toMatchObject({
    details: { status: 400 },
  });
  await client.signWave('w1', [second.sign(signed)]);
  expect(await client.wave('w1')).toMatchObject({ status: 'active' });
  const shown = await client.waveWithTargets('w1');
  expect(parseTargets(shown?.targets ?? Buffer.alloc(0)).signatures).toHaveLength(3);
  await owned.close();
});

async function onlineKeyid(): Promise<string> {
  const ci = parseTargets(await sandbox.client('alice').ciTargets());
  return ci.signatures[0]?.keyid ?? '';
}

function renameTarget(signed: Targets, from: string, to: string): unknown {
  const { [from]: entry, ...rest } = signed.targets;
  return { ...signed, targets: { ...rest, [to]: entry } };
}

function changeDigest(signed: Targets): unknown {
  return changeEntry(signed, (entry) => ({ ...entry, hashes: { sha256: 'ab'.repeat(32) } }));
}

function changeTags(signed: Targets, tags: string[]): unknown {
  return changeEntry(signed, (entry) => ({ ...entry, custom: { ...entry.custom, tags } }));
}

function changeEntry(signed: Targets, change: (entry: Targets['targets'][string]) => unknown): unknown {
  const name = 'intel-corei7-64-lmp-42';
  const entry = signed.targets[name];
  if (entry === undefined) throw new Error('no such entry');
  return { ...signed, targets: { ...signed.targets, [name]: change(entry) } };
}

function only43(signed: Targets): unknown {
  const targets = Object.fromEntries(Object.entries(signed.targets).filter(([name]) => name.endsWith('-43')));
  return { ...signed, targets };
}
