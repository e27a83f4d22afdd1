import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Root } from '../../src/tuf/index.js';
import {
  begin,
  readUpdates,
  stage,
  step,
  takeOwnership,
  withKey,
  withoutKey,
  withThreshold,
  type RootUpdateInput,
} from '../support/root-update.js';
import { buildWave, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { tufKey } from '../support/tuf-key.js';

const UPDATES = '/ota/repo/acme/api/v1/user_repo/root/updates';
const DONE = { status: 200, json: {} };
const ROOT = [tufKey(), tufKey(), tufKey()] as const;
const TARGETS = [tufKey(), tufKey(), tufKey()] as const;

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox({ owned: false });
  await takeOwnership(sandbox, { root: [ROOT[0]], targets: [TARGETS[0]] });
  const client = sandbox.client('alice');
  const metadata = signedBy(await buildWave(client, 40, 'production'), TARGETS[0]);
  await client.createWave({ name: 'w0', version: 40, tag: 'production', metadata });
  await client.completeWave('w0');
});
afterAll(() => sandbox.close());
afterEach(() => step(sandbox, 'cancel', ''));

const replaceTargets = (root: Root): Root => withKey(withoutKey(root, 'targets', TARGETS[0]), 'targets', TARGETS[1]);
const replaceRoot = (root: Root): Root => withKey(withoutKey(root, 'root', ROOT[0]), 'root', ROOT[1]);
const rotation: RootUpdateInput = { change: replaceTargets, signers: [ROOT[0]], targetsSigners: [TARGETS[1]] };
const rotatingRoot: Partial<RootUpdateInput> = { change: replaceRoot, targetsSigners: [] };
const also = (more: (root: Root) => Root): Partial<RootUpdateInput> => ({
  change: (root) => more(replaceTargets(root)),
});

/** The server's key of a role replaced by somebody else's. */
function takenOver(root: Root, role: string): Root {
  const keyid = root.roles[role]?.keyids[0] ?? '';
  const { threshold = 1 } = root.roles[role] ?? {};
  const other = withKey(withoutKey(root, role, { keyid }), role, TARGETS[2]);
  const owners = Object.entries(root['x-key-owners'] ?? {});
  const keyids = [TARGETS[2].keyid, ...(root.roles[role]?.keyids.slice(1) ?? [])];
  return {
    ...other,
    roles: { ...other.roles, [role]: { keyids, threshold } },
    'x-key-owners': Object.fromEntries(owners),
  };
}

const WRONG: [string, Partial<RootUpdateInput>, RegExp][] = [
  [
    'not signed by the root keys in force',
    { ...rotatingRoot, signers: [ROOT[1]] },
    /^(CI|production) root needs 1 .* by current root keys, has 0$/,
  ],
  [
    'not signed by the new root keys',
    { ...rotatingRoot, signers: [ROOT[0]] },
    /^(CI|production) root needs 1 .* by new root keys, has 0$/,
  ],
  ['signed by somebody else too', { signers: [ROOT[0], ROOT[2]] }, /root has a signature that does not count, by/],
  ['signed twice with one key', { signers: [ROOT[0], ROOT[0]] }, /two signatures have the keyid/],
  ['of the version in force', also((root) => ({ ...root, version: 3 })), /has the version 3, and has to have 4/],
  ['of a later version', also((root) => ({ ...root, version: 5 })), /has the version 5, and has to have 4/],
  [
    'with another changelog',
    also((root) => ({ ...root, 'x-changelog': { message: 'mine' } })),
    /^The changelog is not/,
  ],
  ['expired', also((root) => ({ ...root, expires: '2026-11-22T16:00:00Z' })), /^The root expires at 2026/],
  [
    'with CI and production apart',
    { changeProduction: (root) => ({ ...root, expires: '2028-01-01T00:00:00Z' }) },
    /differ in more/,
  ],
  [
    'with a root threshold out of reach',
    also((root) => withThreshold(root, 'root', 2)),
    /^Threshold of root is 2, but there are 1 key|by new root keys, has 1$/,
  ],
  [
    'with two signatures needed in CI',
    also((root) => withThreshold(root, 'targets', 2)),
    /^Threshold of CI targets is 2/,
  ],
  ['with one signature needed in production', { productionThreshold: 1 }, /^Threshold of production targets is 1/],
  [
    'with a production threshold out of reach',
    { productionThreshold: 3 },
    /^Threshold of production targets is 3, but there are 2|need 3 signature/,
  ],
  [
    'with another online targets key',
    also((root) => takenOver(root, 'targets')),
    /^The online key of targets|has no owner|need 2 signature/,
  ],
  ['with another timestamp key', also((root) => takenOver(root, 'timestamp')), /^The online key of timestamp/],
  [
    'with a timestamp threshold of two',
    also((root) => withThreshold(root, 'timestamp', 2)),
    /^Threshold of timestamp is 2/,
  ],
  [
    'with a key that has no owner',
    also((root) => ({ ...root, 'x-key-owners': {} })),
    /^Key [0-9a-f]{64} has no owner$/,
  ],
  [
    'with an owner that has no key',
    also((root) => ({ ...root, 'x-key-owners': { ...root['x-key-owners'], [TARGETS[0].keyid]: {} } })),
    /has an owner and no role/,
  ],
  [
    'with another key under the keyid of one in force',
    also((root) => ({ ...root, keys: { ...root.keys, [ROOT[0].keyid]: ROOT[2].key } })),
    /is another one than before|by new root keys, has 0|does not count/,
  ],
  [
    'with production targets not signed',
    { targetsSigners: [] },
    /^production Targets production need 2 signature\(s\) by targets keys, have 1$/,
  ],
  [
    'with production targets signed by the key that goes',
    { targetsSigners: [TARGETS[0], TARGETS[1]] },
    /^production Targets production have a signature that does not count/,
  ],
  [
    'with production targets signed twice',
    { targetsSigners: [TARGETS[1], TARGETS[1]] },
    /^production Targets production have a signature that does not count/,
  ],
];

describe('an update that is right but for one thing is not applied:', () => {
  test.each(WRONG)('%s', async (_what, change, error) => {
    const before = (await readUpdates(sandbox)).current;
    await begin(sandbox);
    expect(await stage(sandbox, { ...rotation, ...change })).toEqual(DONE);
    const { issues } = await readUpdates(sandbox);
    const errors = issues.errors.map(({ message }) => message);
    expect(errors.length).toBeGreaterThan(0);
    for (const message of errors) expect(message).toMatch(error);
    expect(await step(sandbox, 'apply')).toMatchObject({ status: 422, json: { errors } });
    expect(await readUpdates(sandbox)).toMatchObject({ status: 'STARTED', current: before });
  });

  test('with signatures over a Wave that is not active, and over targets of a tag that has none', async () => {
    await begin(sandbox);
    await stage(sandbox, { signers: [ROOT[0]] });
    const { updated } = await readUpdates(sandbox);
    const body = {
      'ci-root': JSON.parse(updated?.['ci-root'] ?? '') as unknown,
      'prod-root': JSON.parse(updated?.['prod-root'] ?? '') as unknown,
      'targets-signatures': { devel: [] },
      'waves-signatures': { w0: [] },
    };
    expect(await sandbox.call('alice', 'PUT', UPDATES, { txid: '', ...body })).toEqual(DONE);
    expect(await step(sandbox, 'apply')).toMatchObject({
      status: 422,
      json: {
        errors: [
          'There are no production Targets devel that could be signed',
          'There are no Targets of Wave w0 that could be signed',
        ],
      },
    });
  });

  test('and all right, it is', async () => {
    await begin(sandbox);
    await stage(sandbox, rotation);
    expect((await readUpdates(sandbox)).issues.errors).toEqual([]);
    expect(await step(sandbox, 'apply')).toEqual(DONE);
  });
});
