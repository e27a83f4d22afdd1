import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { signOffline } from '../../src/offline-keys/index.js';
import { encodeCanonical, parseRoot } from '../../src/tuf/index.js';
import { commandsOf, type Exchange, type RecordedCommand } from '../sandbox/recorded-story.js';
import { shapeOf } from '../sandbox/shape-of.js';
import { buildWave } from '../support/sandbox.js';
import { describeGolden } from '../tuf/golden.js';
import { createGatewayWorld, type GatewayWorld } from './gateway-world.js';

/**
 * Every call about Waves that the real fioctl made in one story, made again at the gateway: in its order, with its headers and bodies, a
 * Wave's Targets and signatures anew, since keys and digests are others here. What answers has the recorded shape.
 */
describeGolden('fioctl/A', 'the Waves of a recorded story, through the gateway', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await createGatewayWorld();
  });
  afterAll(() => world.end());

  // it ends before its first call that the Factory would answer otherwise than here: no offline targets key is in force then
  const early = 'fioctl waves init early';
  const commands = commandsOf('A').filter(
    ({ command }) => /^fioctl waves /.test(command) && !command.startsWith(early),
  );

  test.each(commands.map((command): [string, RecordedCommand] => [`${command.step}: ${command.command}`, command]))(
    '%s',
    async (_title, command) => {
      const statuses = await play(command);
      if (!statuses.includes(423)) return;
      await world.approveAll();
      expect(await play(command)).not.toContain(423);
    },
  );

  async function play({ exchanges, step }: RecordedCommand): Promise<number[]> {
    const statuses: number[] = [];
    for (const exchange of exchanges) {
      world.sandbox.clock.time = new Date(exchange.time);
      const { status, json } = await call(exchange);
      statuses.push(status);
      if (status === 423) continue;
      const where = `${step}: ${exchange.method} ${exchange.path}`;
      expect([where, status < 300]).toEqual([where, exchange.status < 300]);
      if (exchange.method === 'GET') {
        expect([where, shapeRead(exchange, json)]).toEqual([where, shapeRead(exchange, exchange['response-body'])]);
      }
    }
    return statuses;
  }

  async function call(exchange: Exchange): Promise<{ status: number; json: unknown }> {
    const { method, path, query, 'request-headers': headers } = exchange;
    const body = await bodyOf(exchange);
    const answer = await fetch(`${world.url}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      headers: { ...headers, 'Osf-Token': world.sandbox.token('alice') },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? null : (JSON.parse(text) as unknown) };
  }

  /** As recorded; a Wave's Targets are those of this Factory, with the recorded expiry, signed with erin's request key. */
  async function bodyOf({ method, path, 'request-body': recorded }: Exchange): Promise<unknown> {
    if (method !== 'POST' || !path.endsWith('/waves/')) return recorded;
    const wave = waveSchema.parse(recorded);
    const { expires } = wave.targets.signed;
    const version = Number(wave.version);
    const bytes = await buildWave(world.sandbox.client('alice'), version, wave.tag, (signed) => ({
      ...signed,
      expires,
    }));
    const [, key] = await world.keysOf('erin');
    const [keyid = ''] = world.keys.targets.map((pair) => pair.keyid);
    if (key === undefined) throw new Error('erin has no request key for targets');
    return {
      ...wave,
      targets: { signed: JSON.parse(bytes.toString()) as unknown, signatures: [signOffline(key, keyid, bytes)] },
    };
  }
});

const waveSchema = z.looseObject({
  version: z.string(),
  tag: z.string(),
  targets: z.object({ signed: z.looseObject({ expires: z.string() }) }),
});

/** What fioctl reads of an answer: of a root not the signatures. */
function shapeRead({ path }: Exchange, answer: unknown): unknown {
  if (!path.endsWith('/root.json')) return shapeOf(answer);
  const { keys, roles, ...signed } = parseRoot(encodeCanonical(answer)).signed;
  return [shapeOf(signed), Object.keys(roles).sort(), Object.values(keys).length > 0];
}
