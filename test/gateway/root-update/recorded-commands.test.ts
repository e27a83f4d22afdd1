import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { signOffline, type OfflineKey } from '../../../src/offline-keys/index.js';
import { encodeCanonical, keyidOf, parseRoot, type Root, type Signature } from '../../../src/tuf/index.js';
import { commandsOf, offlineKeysOf, type Exchange } from '../../sandbox/recorded-story.js';
import { rootOf, Translation } from '../../sandbox/translation.js';
import { askDevice } from '../../support/device.js';
import { FACTORY } from '../../support/sandbox.js';
import { describeGolden } from '../../tuf/golden.js';
import { createGatewayWorld, type GatewayWorld } from '../gateway-world.js';

const rootsSchema = z.object({ 'ci-root': z.string() });
const updatesSchema = z.object({ status: z.string(), current: rootsSchema, updated: rootsSchema.nullable() });
const signatureSchema = z.object({ keyid: z.string(), method: z.string(), sig: z.string() });
const signedSchema = z.object({ signatures: z.array(signatureSchema), signed: z.looseObject({}) });
const putSchema = z.looseObject({ 'ci-root': signedSchema, 'prod-root': signedSchema });

interface Played {
  readonly call: string;
  readonly status: number;
  readonly text: string;
}

/** Sends what the real fioctl sent, with names as they are here and roots signed by the keys that it would find in the caller's file. */
class Player {
  readonly #names = new Translation();
  readonly #keys: readonly OfflineKey[];
  readonly #world: GatewayWorld;
  #shown: Readonly<Record<string, Root['keys'][string]>> = {};
  /** Of the roots that are staged: here some of the story's updates are left out. */
  #version = 0;

  constructor(world: GatewayWorld, keys: readonly OfflineKey[]) {
    this.#world = world;
    this.#keys = keys;
  }

  async play(step: number): Promise<Played[]> {
    const command = commandsOf('A').find((one) => one.step === step);
    const played: Played[] = [];
    for (const exchange of command?.exchanges ?? []) {
      played.push(await this.#send(exchange));
      if ((played.at(-1)?.status ?? 500) >= 400 && exchange.method !== 'GET') break;
    }
    return played;
  }

  async #send(exchange: Exchange): Promise<Played> {
    const { method, path, query, time } = exchange;
    this.#world.sandbox.clock.time = new Date(time);
    const body = this.#names.translate(exchange['request-body']) ?? undefined;
    const response = await fetch(`${this.#world.url}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      headers: { 'osf-token': this.#world.sandbox.token('alice') },
      ...(body === undefined ? {} : { body: JSON.stringify(method === 'PUT' ? this.#signed(body) : body) }),
    });
    const text = await response.text();
    if (response.ok && path.endsWith('/root/updates') && method === 'GET') this.#learn(exchange, JSON.parse(text));
    return { call: `${method} ${path.split('/').slice(-2).join('/')}`, status: response.status, text };
  }

  /** Keys stand in the same places; expiry and owners are written by whoever made the root in force. */
  #learn(exchange: Exchange, answer: unknown): void {
    const recorded = updatesSchema.parse(exchange['response-body']);
    const here = updatesSchema.parse(answer);
    for (const member of ['current', 'updated'] as const) {
      const [theirs, ours] = [recorded[member], here[member]];
      if (theirs === null || ours === null) continue;
      const [{ signed: before }, { signed: now }] = [rootOf(theirs['ci-root']), rootOf(ours['ci-root'])];
      this.#names.learnRoot(before, now);
      this.#names.learn(before.expires, now.expires);
      for (const [role, { keyids }] of Object.entries(before.roles)) {
        keyids.forEach((keyid, at) => this.#learnOwner(before, keyid, now, now.roles[role]?.keyids[at] ?? ''));
      }
      this.#shown = { ...this.#shown, ...now.keys };
      this.#version = now.version;
    }
  }

  #learnOwner(before: Root, keyid: string, now: Root, other: string): void {
    const ownerOf = (root: Root, of: string) =>
      z.record(z.string(), z.string()).parse(root['x-key-owners']?.[of] ?? {});
    const [theirs, ours] = [ownerOf(before, keyid), ownerOf(now, other)];
    for (const [member, value] of Object.entries(theirs)) this.#names.learn(value, ours[member]);
  }

  #signed(body: unknown): unknown {
    const put = putSchema.parse(body);
    const sign = ({ signed: recorded, signatures }: z.output<typeof signedSchema>) => {
      const signed = { ...recorded, version: this.#version };
      return { signatures: signatures.map((signature) => this.#sign(signature, encodeCanonical(signed))), signed };
    };
    return { ...put, 'ci-root': sign(put['ci-root']), 'prod-root': sign(put['prod-root']) };
  }

  /** By whichever key of the file the caller was shown under this keyid; what was thrown away cannot sign. */
  #sign(signature: Signature, payload: Buffer): Signature {
    const value = this.#shown[signature.keyid]?.keyval.public;
    const key = this.#keys.find((one) => one.key.keyval.public === value || keyidOf(one.key) === signature.keyid);
    return key === undefined ? signature : signOffline(key, signature.keyid, payload);
  }
}

describeGolden('fioctl/A', 'the real fioctl’s root commands, sent to the gateway', () => {
  let world: GatewayWorld;
  let player: Player;
  beforeAll(async () => {
    world = await createGatewayWorld({});
    await world.own();
    await world.hold('targets', 3);
    const recorded = await offlineKeysOf('A');
    player = new Player(world, [...(await world.keysOf('erin')), ...recorded.values()]);
    await deliver('w0', 40);
    await (await world.fioctl('erin')).completeWave('w0');
    await deliver('w1', 42);
  }, 240_000);
  afterAll(() => world.end());

  async function deliver(name: string, version: number): Promise<void> {
    const erin = await world.fioctl('erin');
    await expect(erin.initWave(name, version, 'production')).rejects.toMatchObject({ status: 423 });
    await world.approveAll();
    await erin.initWave(name, version, 'production');
  }

  async function newestRoot(): Promise<Root> {
    const roots = await world.sandbox.client('bob').rootChain('production', 1);
    return parseRoot(roots.at(-1) ?? Buffer.alloc(0)).signed;
  }

  /** The command as recorded; what it waits for is done, and `updates apply` of fioctl goes on. */
  async function rotate(step: number, keyid: string | undefined): Promise<void> {
    const played = await player.play(step);
    expect(played.map(({ call, status }) => [call, status])).toEqual([
      ['POST root/updates', 201],
      ['GET root/updates', 200],
      ['GET self/', 200],
      ['GET prod-targets/', 200],
      ['GET wave-targets/', 200],
      ['PUT root/updates', 200],
      ['POST updates/apply', 423],
    ]);
    await world.approveAll();
    expect(await player.play(35)).toEqual([{ call: 'POST updates/apply', status: 200, text: '{}' }]);
    expect((await newestRoot()).roles['targets']?.keyids).toContain(keyid);
    const source = { url: world.sandbox.url, factory: FACTORY, token: world.sandbox.token('dave') };
    const device = { hardwareId: 'intel-corei7-64', tag: 'production', installedVersion: null };
    expect(await askDevice(source, device, world.sandbox.clock.now())).toMatchObject({ accepted: true });
  }

  test('taking ownership for the first time is refused, and named where it is done', async () => {
    const [begun] = await player.play(5);
    expect(begun).toMatchObject({ status: 403, text: expect.stringContaining('countersign contribute --first-time') });
  });

  test('a rotation while a Wave is active is refused at the PUT, and can be cancelled', async () => {
    const played = await player.play(14);
    expect(played.at(-1)).toMatchObject({ call: 'PUT root/updates', status: 409 });
    expect(played.at(-1)?.text).toContain('ROOT_WAVE_ACTIVE');
    expect(await player.play(15)).toMatchObject([{ status: 200 }]);
    await (await world.fioctl('erin')).completeWave('w1');
  });

  test('rotations of the targets key are approved and published', async () => {
    await rotate(23, world.keys.targets[1]?.keyid);
    await rotate(28, world.keys.targets[2]?.keyid);
  });

  test('deleting and adding a key by hand is refused, with the command to use instead', async () => {
    expect((await player.play(29)).map(({ status }) => status)).toEqual([201, 200]);
    expect((await player.play(30)).at(-1)).toMatchObject({
      status: 403,
      text: expect.stringContaining('countersign root remove-key'),
    });
    expect(await player.play(15)).toMatchObject([{ status: 200 }]);
  });

  test('a key of a type that no token holds is refused at the PUT, with how to make one', async () => {
    const played = await player.play(38);
    expect(played.at(-1)).toMatchObject({
      call: 'PUT root/updates',
      text: expect.stringContaining('countersign key generate --role root'),
    });
    expect(await player.play(15)).toMatchObject([{ status: 200 }]);
  });
});
