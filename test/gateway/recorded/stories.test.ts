import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OfflineKey } from '../../../src/offline-keys/index.js';
import { keyidOf, parseRoot, type Root } from '../../../src/tuf/index.js';
import {
  commandsOf,
  offlineKeysOf,
  type Exchange,
  type RecordedCommand,
  type Story,
} from '../../sandbox/recorded-story.js';
import { orderOf } from '../../sandbox/order-of.js';
import { shapeOf } from '../../sandbox/shape-of.js';
import { askDevice } from '../../support/device.js';
import { FACTORY } from '../../support/sandbox.js';
import { tufKey } from '../../support/tuf-key.js';
import { describeGolden } from '../../tuf/golden.js';
import { createGatewayWorld, type GatewayWorld } from '../gateway-world.js';
import { GatewayReplay, type Played } from './gateway-replay.js';

/** How the gateway ends a command that the Factory itself took, or refused otherwise. */
interface Refusal {
  readonly status: number;
  /** In the text that fioctl prints. */
  readonly says: string;
}

type Say = (step: number) => Promise<void>;

interface Telling {
  readonly refused: Readonly<Record<number, Refusal>>;
  /** What is done after a command because the gateway refused it: with Countersign, and with fioctl by another step. */
  readonly instead: Readonly<Record<number, (world: GatewayWorld, say: Say) => Promise<unknown>>>;
  /** Its version when all is told. */
  readonly lastRoot: number;
}

const WAITS = { status: 423, says: 'countersign approve req_' };
const NOT_YOURS = { status: 403, says: 'the root update at the Factory is not one of yours' };
const NO_DRAFT = { status: 404, says: 'begin with fioctl keys tuf updates init' };

/** One person. The lost targets key of steps 29 to 35 is not lost here, since it is in a token: those roots are signed anew as they are. */
const A: Telling = {
  refused: {
    5: { status: 403, says: 'countersign contribute --first-time' },
    14: { status: 409, says: 'the Wave w1 is active' },
    30: { status: 403, says: 'countersign root remove-key' },
    31: { status: 403, says: 'countersign root add-key --role targets' },
  },
  instead: {
    5: async (world) => {
      await world.askForRoot();
      await world.approveAll();
    },
  },
  lastRoot: 8,
};

/** Two people. Each has a transaction alone here: what the second signature of one was, the officers' approvals are. */
const B: Telling = {
  refused: {
    3: { status: 403, says: 'countersign contribute --first-time' },
    4: { status: 409, says: 'It is of Countersign’s request req_' },
    ...{ 6: NOT_YOURS, 7: NOT_YOURS, 9: NOT_YOURS, 10: NOT_YOURS, 13: NOT_YOURS, 14: NOT_YOURS },
    20: NO_DRAFT,
    22: { status: 403, says: 'countersign root add-key --role targets' },
    27: WAITS,
    28: NOT_YOURS,
    ...{ 33: NO_DRAFT, 38: NO_DRAFT, 40: NO_DRAFT },
    43: { status: 422, says: 'root would need 3 signatures and have 2 keys' },
    45: WAITS,
    ...{ 46: NOT_YOURS, 47: NOT_YOURS },
    50: WAITS,
    51: NOT_YOURS,
    55: NO_DRAFT,
  },
  instead: {
    3: (world) => world.askForRoot(),
    14: async (world) => {
      await world.approveAll();
      await world.update({ op: 'take-ownership', role: 'targets' });
    },
    22: async (world, say) => {
      await say(52);
      await world.update({ op: 'add-key', role: 'root' }, { op: 'add-key', role: 'targets' });
      await say(19);
    },
    38: async (world, say) => {
      await say(52);
      await world.update({ op: 'remove-key', role: 'targets', keyid: world.keys.targets[0]?.keyid ?? '' });
      await say(35);
    },
    47: async (world, say) => {
      await say(52);
      await world.service.reconcile();
    },
    52: (world) => world.service.reconcile(),
  },
  lastRoot: 10,
};

describeGolden('fioctl/A', 'the whole story of one person, through the gateway', () => tell('A', A));
describeGolden('fioctl/B', 'the whole story of two people, through the gateway', () => tell('B', B));

function tell(story: Story, { refused, instead, lastRoot }: Telling): void {
  const commands = commandsOf(story);
  let world: GatewayWorld;
  let replay: GatewayReplay;
  let made: readonly OfflineKey[];

  beforeAll(async () => {
    // story A ends with a root key of RSA
    world = await createGatewayWorld(story === 'A' ? { rootKeys: [tufKey(), tufKey('RSA')] } : {});
    await world.hold('root', 3);
    await world.hold('targets', 3);
    made = [...(await offlineKeysOf(story)).values()];
    replay = new GatewayReplay(world, made);
  }, 240_000);
  afterAll(() => world.end());

  const roots = async (repository: 'ci' | 'production'): Promise<Root[]> => {
    const chain = await world.sandbox.client('bob').rootChain(repository, 1);
    return chain.map((root) => parseRoot(root).signed);
  };

  const titled = commands.map((command): [string, RecordedCommand] => [
    `${command.step}: ${command.person} ${command.command}`,
    command,
  ]);
  test.each(titled)('%s', async (_title, recorded) => {
    const { step } = recorded;
    const refusal = refused[step] ?? null;
    const command = withAllRoots(recorded, (await roots('production')).length);
    const played = await replay.play(command);
    const last = played.at(-1);
    if (last?.status === 423 && refusal === null) {
      expect(last.printed).toContain(WAITS.says);
      await world.approveAll();
      played.splice(-1, 1, ...(await replay.play(again(command))).slice(-1));
    }
    expectAsRecorded(command, played, refusal);
    await instead[step]?.(world, async (other) => {
      const another = commands.find((one) => one.step === other);
      for (const { status } of another === undefined ? [] : await replay.play(another))
        expect(status).toBeLessThan(300);
    });
  });

  test('what came of it a device accepts, and no key out of anybody’s file was in a root', async () => {
    const source = { url: world.sandbox.url, factory: FACTORY, token: world.sandbox.token('dave') };
    const device = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };
    const accepted = { accepted: true, rootVersion: lastRoot };
    expect(await askDevice(source, device, world.sandbox.clock.now())).toMatchObject(accepted);
    const published = [...(await roots('ci')), ...(await roots('production'))];
    const named = published.flatMap(({ keys }) => Object.values(keys).map(keyidOf));
    const files = [...made, ...(await world.keysOf('erin')), ...(await world.keysOf('frank'))];
    for (const { key } of files) expect(named).not.toContain(keyidOf(key));
  });
}

/** The calls of the recording with its statuses and the form of its answers, up to the one that is refused instead. */
function expectAsRecorded({ exchanges }: RecordedCommand, played: readonly Played[], refusal: Refusal | null): void {
  const called = ({ method, path }: Exchange): string => `${method} ${path}`;
  const outcome = (status: number): number => (status < 300 ? 200 : status);
  const statuses = exchanges.slice(0, played.length).map(({ status }) => status);
  if (refusal !== null) statuses.splice(-1, 1, refusal.status);
  expect(played.map(({ exchange, status }) => [called(exchange), outcome(status)])).toEqual(
    exchanges
      .slice(0, refusal === null ? undefined : played.length)
      .map((one, at) => [called(one), outcome(statuses[at] ?? 0)]),
  );
  for (const { exchange, body, status, json, printed } of played) {
    expect([called(exchange), orderOf(body)]).toEqual([called(exchange), orderOf(exchange['request-body'])]);
    if (status >= 400) expect(printed.split('\n')[1]).toMatch(/^= ./);
    if (status < 300 && isPassedOn(exchange)) expect(shapeOf(json)).toEqual(shapeOf(exchange['response-body']));
  }
  if (refusal !== null) expect(played.at(-1)?.printed).toContain(refusal.says);
}

/** Of roots the form depends on the keytypes in them. */
function isPassedOn({ method, path }: Exchange): boolean {
  return !path.includes('/root') && !/\.root\.json$/.test(path) && !(method === 'POST' && path.endsWith('/waves/'));
}

/** `download-roots` goes on until there is none. */
function withAllRoots(command: RecordedCommand, newest: number): RecordedCommand {
  const [first] = command.exchanges;
  if (first === undefined || !command.command.includes('download-roots')) return command;
  const versions = Array.from({ length: newest + 1 }, (_none, at) => at + 1);
  const exchanges = versions.map((version) => ({
    ...first,
    path: first.path.replace(/\d+(?=\.root\.json$)/, String(version)),
    status: version > newest ? 404 : 200,
  }));
  return { ...command, exchanges };
}

/** What the person runs once officers have approved: of a root update `updates apply`, of a Wave the same once more. */
function again(command: RecordedCommand): RecordedCommand {
  const [last] = command.exchanges.slice(-1);
  return last?.path.endsWith('/apply') === true ? { ...command, exchanges: [last] } : command;
}
