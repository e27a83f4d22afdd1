import assert from 'node:assert/strict';
import type { Fioctl } from '../../../scripts/demo/fioctl.js';
import { FioctlError } from '../../../scripts/demo/fioctl-connection.js';
import type { JsonValue } from '../../../src/tuf/index.js';
import { createGatewayWorld, type GatewayWorld } from '../../gateway/gateway-world.js';
import { FACTORY } from '../../support/sandbox.js';
import { answerOf, exchange } from '../exchange.js';
import type { FuzzTarget, OpenTarget } from '../fuzz-target.js';
import { requestOf } from '../http-request.js';
import { mutatedJson } from '../inputs.js';

/** What fioctl sends, changed: the gateway answers each call, and nothing is asked for that a request key did not sign. */
export const gatewayCallsTarget: FuzzTarget = {
  name: 'gateway/calls',
  share: 3000,
  async open(): Promise<OpenTarget> {
    const world = await createGatewayWorld();
    const seeds = await callsOf(world);
    const asked = await countRequests(world);
    return {
      corpus: new Map(),
      inputs: mutatedJson(seeds),
      check: (input) => ask(world, input),
      close: async () => {
        const added = (await countRequests(world)) - asked;
        await world.end();
        assert.equal(added, 0, 'something was asked for that nobody has signed');
      },
    };
  },
};

/** The calls of some commands, each of which ends with a refusal or waits, as requests of their own. */
async function callsOf(world: GatewayWorld): Promise<Buffer[]> {
  const erin = await world.fioctl('erin');
  const commands: ((fioctl: Fioctl) => Promise<unknown>)[] = [
    (fioctl) => fioctl.initWave('w42', 42, 'production'),
    (fioctl) => fioctl.init('A rotation'),
    (fioctl) => fioctl.stageRotation('targets', 'ED25519', true),
    (fioctl) => fioctl.rotateOnlineKey(['snapshot'], 'ED25519'),
    (fioctl) => fioctl.apply(),
    (fioctl) => fioctl.cancel(),
  ];
  for (const command of commands) {
    await command(erin).catch((error: unknown) => {
      if (!(error instanceof FioctlError)) throw error;
    });
  }
  const headers = { 'Content-Type': 'application/json', 'Osf-Token': world.tokenOf('erin') };
  return erin.exchanges.map(({ method, path, body }) =>
    Buffer.from(JSON.stringify({ method, path, headers, body: body === '' ? null : (JSON.parse(body) as JsonValue) })),
  );
}

async function countRequests(world: GatewayWorld): Promise<number> {
  return (await world.service.list({ factory: FACTORY, limit: 100 })).items.length;
}

async function ask(world: GatewayWorld, input: Buffer): Promise<void> {
  const { bytes, method } = requestOf(
    input,
    (text) => text,
    () => undefined,
  );
  const to = { port: Number(new URL(world.url).port), host: '127.0.0.1' };
  const { status, contentType, body } = answerOf(await exchange(to, bytes, { halfClose: false }));
  assert.ok(status < 500, `${status}: ${body}`);
  assert.notEqual(status, 202, 'fioctl takes it for done');
  const failed = world.logger.lines.find((line) => line.includes('a call through the gateway failed'));
  assert.equal(failed, undefined, 'the gateway logged an error of its own');
  world.logger.forget();
  if (status < 400 || method === 'HEAD' || contentType !== 'application/json') return;
  const said = JSON.parse(body) as { msg?: unknown; errors?: unknown };
  if ('message' in said) return; // what the Factory says of a token, word by word
  assert.equal(typeof said.msg, 'string', body);
  const errors = said.errors ?? [];
  assert.ok(Array.isArray(errors) && errors.every((text) => typeof text === 'string'), body);
}
