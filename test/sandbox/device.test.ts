import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkAsDevice, fetchPublished, type Device, type PublishedMetadata } from '../../src/sandbox/index.js';
import { parseTargets, serializeMetadata } from '../../src/tuf/index.js';
import { askDevice } from '../support/device.js';
import {
  buildWave,
  createOfflineSigner,
  FACTORY,
  NOW,
  signedBy,
  startTestSandbox,
  type TestSandbox,
} from '../support/sandbox.js';

const DEVICE: Device = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };
let sandbox: TestSandbox;
let published: PublishedMetadata;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  const client = sandbox.client('alice');
  const signed = await buildWave(client, 42, 'production');
  await client.createWave({ name: 'w1', version: 42, tag: 'production', metadata: signedBy(signed, sandbox.offline) });
  published = await fetchPublished({ ...source(), tag: 'production', wave: 'w1' });
});
afterEach(() => sandbox.close());

function source(): { url: string; factory: string; token: string } {
  return { url: sandbox.url, factory: FACTORY, token: sandbox.token('dave') };
}

function codes(changed: Partial<PublishedMetadata>, device: Partial<Device> = {}, now = NOW): string[] {
  const verdict = checkAsDevice({ ...published, ...changed }, { ...DEVICE, ...device }, now);
  expect(verdict.accepted).toBe(verdict.reasons.length === 0);
  return verdict.reasons.map(({ code }) => code);
}

describe('a device', () => {
  test('accepts a Wave with both signatures and says what it would install', () => {
    expect(checkAsDevice(published, DEVICE, NOW)).toMatchObject({
      accepted: true,
      rootVersion: 3,
      targetsVersion: 42,
      signedBy: [sandbox.offline.keyid, expect.any(String)],
      update: { target: 'intel-corei7-64-lmp-42', version: 42, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  test('accepts the production targets that a completed Wave left', async () => {
    await sandbox.client('bob').completeWave('w1');
    expect(await askDevice(source(), DEVICE, NOW)).toMatchObject({ accepted: true, targetsVersion: 42 });
  });

  test('refuses targets that lack the offline signature', () => {
    const { signatures, signedBytes } = parseTargets(published.targets);
    expect(codes({ targets: serializeMetadata({ signatures: signatures.slice(1), signedBytes }) })).toEqual([
      'THRESHOLD_NOT_MET',
    ]);
  });

  test('refuses targets that lack the online signature', () => {
    const { signatures, signedBytes } = parseTargets(published.targets);
    expect(codes({ targets: serializeMetadata({ signatures: signatures.slice(0, 1), signedBytes }) })).toEqual([
      'THRESHOLD_NOT_MET',
    ]);
  });

  test('refuses a changed digest', () => {
    const text = Buffer.from(published.targets).toString('utf8');
    const targets = Buffer.from(text.replace(/"sha256":"[0-9a-f]{4}/, '"sha256":"0000'));
    expect(codes({ targets })).toEqual(['THRESHOLD_NOT_MET']);
  });

  test('refuses two signatures with one keyid', () => {
    const { signatures, signedBytes } = parseTargets(published.targets);
    expect(codes({ targets: serializeMetadata({ signatures: [...signatures, ...signatures], signedBytes }) })).toEqual([
      'SIGNATURE_DUPLICATE_KEYID',
    ]);
  });

  test('refuses a root chain with a step missing, and the roots of another Factory', async () => {
    const [one, , three] = published.roots;
    expect(codes({ roots: [one, three].filter((root) => root !== undefined) })).toContain('THRESHOLD_NOT_MET');
    expect(codes({ roots: [] })).toEqual(['ROOT_NOT_TRUSTED']);
    const other = await startTestSandbox({ offline: createOfflineSigner() });
    const roots = (await fetchPublishedRoots(other)).roots;
    expect(codes({ roots })).toEqual(['THRESHOLD_NOT_MET']);
    await other.close();
  });

  test('refuses an expired root and expired targets', () => {
    expect(codes({}, {}, new Date('2028-01-01T00:00:00Z'))).toEqual(['METADATA_EXPIRED', 'METADATA_EXPIRED']);
  });

  test('refuses targets below the version it has seen', () => {
    expect(codes({}, { lastTargetsVersion: 43 })).toEqual(['VERSION_ROLLBACK']);
    expect(codes({}, { lastTargetsVersion: 42 })).toEqual([]);
  });

  test('has no use for another tag, another board or what it runs already', () => {
    expect(codes({}, { tag: 'master' })).toEqual(['NO_TARGET_FOR_DEVICE']);
    expect(codes({}, { hardwareId: 'imx8mm' })).toEqual(['NO_TARGET_FOR_DEVICE']);
    expect(codes({}, { installedVersion: 42 })).toEqual(['NOTHING_NEWER']);
    expect(codes({}, { installedVersion: 41 })).toEqual([]);
  });

  test('under the CI chain would accept the online signature alone: the limit that is stated', async () => {
    const { signatures, signedBytes } = parseTargets(published.targets);
    const targets = serializeMetadata({ signatures: signatures.slice(1), signedBytes });
    const roots = await sandbox.client('alice').rootChain('ci', 1);
    expect(codes({ roots, targets })).toEqual([]);
  });
});

async function fetchPublishedRoots(other: TestSandbox): Promise<PublishedMetadata> {
  return { roots: await other.client('alice').rootChain('production', 1), targets: published.targets };
}
