/**
 * kill -9 of service and signer at every named step of a root update's life, as `kill.test.ts` does it with Waves; also where the Factory
 * fails, is slow, belongs to somebody else for a time, or moves on. Nothing is done by hand.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type KillSite, openKillSite } from './kill-site.js';
import { inProduction, ROOT_SERVICE_LIVES, ROOT_SIGNER_LIVES } from './root-stories.js';
import { atFactory } from './roots.js';
import { killsOf, titled } from './stories.js';

/** Processes take their time on a busy machine; no story waits for a clock. */
jest.setTimeout(600_000);
let site: KillSite;
beforeAll(async () => {
  site = await openKillSite([
    { role: 'root', type: 'ed25519' },
    { role: 'targets', type: 'ed25519' },
  ]);
  await inProduction(site);
});
afterAll(async () => site.end());

describe('the service, killed', () => {
  it.each(titled(ROOT_SERVICE_LIVES))('at %s', async (_, { deaths, story }) => story(site, killsOf('service', deaths)));
});

describe('the signer, killed', () => {
  it.each(titled(ROOT_SIGNER_LIVES))('at %s', async (_, { deaths, story }) => story(site, killsOf('signer', deaths)));
});

it('the sandbox, killed, comes back with all that it had, a root update under way included', async () => {
  const factory = atFactory(site);
  await factory.beginRootUpdate({ message: 'By hand' });
  const look = async () => ({
    update: await factory.rootUpdate(),
    roots: [await factory.rootChain('ci', 1), await factory.rootChain('production', 1)],
    targets: [await factory.ciTargets(), await factory.productionTargets('t1')],
    waves: await factory.waves(),
  });
  const before = await look();
  await site.kill('sandbox');
  expect(before).toMatchObject({ update: { status: 'STARTED' } });
  expect(await look()).toEqual(before);
  await factory.cancelRootUpdate();
});
