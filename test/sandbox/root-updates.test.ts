import { afterEach, describe, expect, test } from '@jest/globals';
import { askDevice } from '../support/device.js';
import { FACTORY, NOW, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { takeOwnership, updateRoots, withKey, withoutKey } from '../support/root-update.js';
import { tufKey } from '../support/tuf-key.js';
import { buildWave, signedBy } from '../support/sandbox.js';

const ROOT = [tufKey(), tufKey(), tufKey()] as const;
const TARGETS = [tufKey(), tufKey(), tufKey()] as const;

let sandbox: TestSandbox;
afterEach(() => sandbox.close());

describe('a Factory as new', () => {
  test('is taken ownership of, serves a Wave and rotates both keys', async () => {
    sandbox = await startTestSandbox({ owned: false });
    await takeOwnership(sandbox, { root: [ROOT[0]], targets: [TARGETS[0]] });
    const client = sandbox.client('alice');
    const metadata = signedBy(await buildWave(client, 42, 'production'), TARGETS[0]);
    await client.createWave({ name: 'w1', version: 42, tag: 'production', metadata });
    await client.completeWave('w1');
    expect(
      await updateRoots(sandbox, {
        change: (root) => withKey(withoutKey(root, 'targets', TARGETS[0]), 'targets', TARGETS[1]),
        signers: [ROOT[0]],
        targetsSigners: [TARGETS[1]],
      }),
    ).toEqual({ status: 200, json: {} });
    expect(
      await updateRoots(sandbox, {
        change: (root) => withKey(withoutKey(root, 'root', ROOT[0]), 'root', ROOT[1]),
        signers: [ROOT[1], ROOT[0]],
      }),
    ).toEqual({ status: 200, json: {} });
    const source = { url: sandbox.url, factory: FACTORY, token: sandbox.token('dave') };
    const device = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };
    expect(await askDevice(source, device, NOW)).toMatchObject({ accepted: true, rootVersion: 5 });
  });
});
