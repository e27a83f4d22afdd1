import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verifyRootChain } from '../../src/tuf/index.js';
import { describeGolden } from '../tuf/golden.js';
import { askDevice } from '../support/device.js';
import { FACTORY, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { commandsOf, offlineKeysOf, type RecordedCommand, type Story } from './recorded-story.js';
import { Replay } from './replay.js';
import { rootOf } from './translation.js';

const DEVICE = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };

describeGolden('fioctl/A', 'the whole story of one person', () => tell('A', 8));
describeGolden('fioctl/B', 'the whole story of two people', () => tell('B', 7));

function tell(story: Story, lastRoot: number): void {
  let sandbox: TestSandbox;
  let replay: Replay;
  /** Production roots as a device got them that asked after each command. */
  const followed: Buffer[] = [];

  beforeAll(async () => {
    // the recorded Factory was made a second before its first call
    sandbox = await startTestSandbox({ owned: false, time: new Date(`2026-11-22T16:26:${story === 'A' ? 17 : 27}Z`) });
    replay = new Replay(sandbox, await offlineKeysOf(story));
  });
  afterAll(() => sandbox.close());

  const commands: [string, RecordedCommand][] = commandsOf(story).map((command) => [
    `${command.step}: ${command.person} ${command.command}`,
    command,
  ]);
  test.each(commands)('%s', async (_title, command) => {
    await replay.play(command);
    followed.push(...(await sandbox.client('alice').rootChain('production', followed.length + 1)));
  });

  test('is accepted by a device that followed it and by one that slept through it', async () => {
    const now = sandbox.clock.time;
    expect(
      verifyRootChain(
        followed.map((root) => rootOf(root.toString())),
        { now },
      ).signed.version,
    ).toBe(lastRoot);
    const source = { url: sandbox.url, factory: FACTORY, token: sandbox.token('dave') };
    expect(await askDevice(source, DEVICE, now)).toMatchObject({ accepted: true, rootVersion: lastRoot });
  });
}
