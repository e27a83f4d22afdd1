import { afterEach, expect, test } from '@jest/globals';
import { parseRoot } from '../../../src/tuf/index.js';
import { createGatewayWorld, type GatewayWorld } from '../gateway-world.js';

let world: GatewayWorld;
afterEach(() => world.end());

async function newestRoot() {
  const roots = await world.sandbox.client('bob').rootChain('production', 1);
  return parseRoot(roots.at(-1) ?? Buffer.alloc(0)).signed;
}

test('a root key is rotated: the standby key of the token comes in, and fioctl goes on with its request key', async () => {
  world = await createGatewayWorld();
  const erin = await world.fioctl('erin');
  await expect(erin.rotateOfflineKey('root')).rejects.toMatchObject({ status: 423 });
  console.log(await erin.review(), await erin.apply().catch((e: unknown) => String(e)));
  await world.approveAll();
  await erin.apply();
  expect((await newestRoot()).roles['root']?.keyids).toEqual([world.keys.root[1]?.keyid]);
  console.log(erin.exchanges);
});
