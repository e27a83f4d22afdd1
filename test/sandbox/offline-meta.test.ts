import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { verifyStick } from '../../src/factory/index.js';
import { parseOfflineBundle, parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../../src/tuf/index.js';
import { buildWave, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const INTEL = 'intel-corei7-64-lmp-42';
const RASPBERRY = 'raspberrypi4-64-lmp-42';

let sandbox: TestSandbox;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  const client = sandbox.client('alice');
  const metadata = signedBy(await buildWave(client, 42, 'production'), sandbox.offline);
  await client.createWave({ name: 'w1', version: 42, tag: 'production', metadata });
});
afterEach(() => sandbox.close());

const ask = (target: string, body: object) =>
  sandbox.call('bob', 'POST', `/ota/factories/acme/targets/${target}/meta/`, { tag: 'production', ...body });

/** The answer as a device without network reads it. */
async function stickOf(answer: unknown) {
  const documents = answer as Record<'timestamp' | 'snapshot' | 'targets' | 'bundle-targets', unknown>;
  const bytes = (name: keyof typeof documents) => Buffer.from(JSON.stringify(documents[name]));
  return {
    roots: (await sandbox.client('bob').rootChain('production', 3)).map((root) => parseRoot(root)),
    timestamp: parseTimestamp(bytes('timestamp')),
    snapshot: parseSnapshot(bytes('snapshot')),
    targets: parseTargets(bytes('targets')),
    bundle: parseOfflineBundle(bytes('bundle-targets')),
  };
}

describe('metadata for a stick', () => {
  test('of an active Wave, and of production once that is complete, lacks nothing but the offline signature', async () => {
    const wave = await ask(INTEL, { wave: 'w1' });
    await sandbox.client('alice').completeWave('w1');
    const production = await ask(INTEL, { production: true });
    for (const { json } of [wave, production]) {
      const { change, signatures } = verifyStick(await stickOf(json), sandbox.clock.now());
      expect(change).toMatchObject({ type: 'prod', tag: 'production', targets: [INTEL], version: 1 });
      expect(signatures).toMatchObject({ signed: [expect.any(String)], missing: 1 });
    }
  });

  test('is extended by a Target, which makes another bundle', async () => {
    const { json } = await ask(INTEL, { wave: 'w1' });
    const { 'bundle-targets': before } = json as Record<string, unknown>;
    const extended = await ask(RASPBERRY, { wave: 'w1', 'bundle-targets': before });
    const { change } = verifyStick(await stickOf(extended.json), sandbox.clock.now());
    expect(change).toMatchObject({ targets: [INTEL, RASPBERRY], version: 2 });
    expect((await ask(INTEL, { 'bundle-targets': before })).status).toBe(404);
  });

  test('is refused for what is not published for the tag', async () => {
    expect((await ask(INTEL, { production: true })).status).toBe(404);
    expect((await ask('intel-corei7-64-lmp-41', { wave: 'w1' })).status).toBe(404);
    expect((await ask(INTEL, { wave: 'w2' })).status).toBe(404);
  });
});
