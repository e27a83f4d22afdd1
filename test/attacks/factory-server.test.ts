import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkFreshness } from '../../src/cli/officer/freshness.js';
import { verifyDossier } from '../../src/dossier/index.js';
import type { Targets } from '../../src/tuf/index.js';
import { openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { metadataText, signRoot, signTargets } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { tufKey } from '../support/tuf-key.js';

/** The Factory's server is the attacker's: without its online key first, then with it. */

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld();
});
afterEach(() => world.end());

async function nothingSigned(): Promise<void> {
  await world.service.reconcile();
  expect(world.token.signed).toEqual([]);
}

async function deliver(version: number): Promise<void> {
  const id = await world.approved({ name: `w${version}`, version });
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  await world.factory.completeWave(`w${version}`);
}

const examine = (id: string) => verifyDossier(world.service.dossier(id), world.fixture.pins, world.clock.now());

describe('a server that lies about', () => {
  test('what CI built, signed by another key, is not believed', async () => {
    const { signed } = world.fixture.ciTargets;
    for (const key of [tufKey(), { ...tufKey(), keyid: world.fixture.keys.online.keyid }]) {
      const forged = signTargets(signed, [key]);
      world.factory.ciTargetsText = metadataText(forged);
      expect(await rejectionOf(world.ask())).toMatch(/^(THRESHOLD_NOT_MET|SIGNATURE_INVALID)/);
    }
    const text = metadataText(world.fixture.ciTargets);
    world.factory.ciTargetsText = text.replace(/dash@sha256:[0-9a-f]{8}/, 'dash@sha256:00000000');
    expect(await rejectionOf(world.ask())).toMatch(/^THRESHOLD_NOT_MET/);
    await nothingSigned();
  });

  test('what CI built, by CI targets that have expired, is not believed', async () => {
    const old: Targets = { ...world.fixture.ciTargets.signed, expires: '2026-11-01T00:00:00Z' };
    world.factory.ciTargetsText = metadataText(signTargets(old, [world.fixture.keys.online]));
    expect(await rejectionOf(world.ask())).toMatch(/^METADATA_EXPIRED/);
    await nothingSigned();
  });

  test('the production root, by serving the CI root for it, is found out before anything is signed', async () => {
    world.factory.roots = { ...world.factory.roots, production: world.factory.roots.ci };
    expect(await rejectionOf(world.ask())).toMatch(/^ROOT_NOT_TRUSTED/);
    await nothingSigned();
  });

  test('the root, by one that the root keys did not sign, is not believed', async () => {
    const last = world.fixture.roots.production[2];
    if (last === undefined) throw new Error('no root 3');
    const forged = signRoot({ ...last.signed, version: 4 }, [tufKey()]);
    world.factory.roots = { ...world.factory.roots, production: [...world.factory.roots.production, forged] };
    expect(await rejectionOf(world.ask())).toMatch(/^THRESHOLD_NOT_MET/);
    await nothingSigned();
  });

  test('the root, by one that is not the newest, is found out once the signer met the newest', async () => {
    const { fixture, factory } = world;
    const grow = (chain: typeof factory.roots.ci) => {
      const signed = chain.at(-1)?.signed;
      if (signed === undefined) throw new Error('no root');
      return [...chain, signRoot({ ...signed, version: signed.version + 1 }, [fixture.keys.root])];
    };
    const before = factory.roots;
    factory.roots = { ci: grow(before.ci), production: grow(before.production) };
    await deliver(41);
    factory.roots = before;
    const signed = world.token.signed.length;
    const id = await world.approved();
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'superseded' });
    expect(world.token.signed).toHaveLength(signed);
  });

  test('the production targets, by older ones, is found out by the signer and by an officer who asks elsewhere', async () => {
    await deliver(41);
    const older = new Map(world.factory.production);
    await deliver(42);
    await deliver(43); // built on 42, which the signer has seen as a base by that
    const current = new Map(world.factory.production);
    world.factory.production = older;
    const signed = world.token.signed.length;
    const id = await world.ask({ name: 'w44', version: 44 });
    const verified = await examine(id);
    world.factory.production = current; // what the officer's own token is shown
    expect(await rejectionOf(checkFreshness(verified, world.factory))).toMatch(/^STALE_BASE/);
    world.factory.production = older;
    for (const person of ['alice', 'bob']) await world.approve(id, person);
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'superseded' });
    expect(world.token.signed).toHaveLength(signed);
  });

  test("the production targets, by another tag's, is not believed", async () => {
    await deliver(41);
    const signed = world.token.signed.length;
    const theirs = world.factory.production.get('production');
    if (theirs === undefined) throw new Error('no production targets');
    world.factory.production.set('staging', theirs);
    expect(await rejectionOf(world.ask({ tag: 'staging' }))).toMatch(/^STATEMENT_BASE_MISMATCH/);
    expect(world.token.signed).toHaveLength(signed);
  });

  test('what it published: a Wave that is not the one that was sent is never taken for delivered', async () => {
    const id = await world.approved();
    const createWave = world.factory.createWave.bind(world.factory);
    world.factory.createWave = async (wave) => {
      await createWave(wave);
      const [made] = world.factory.waveList.splice(0);
      if (made === undefined) throw new Error('no Wave');
      const text = made.metadata.toString('utf8').replace('"version":42}', '"version":43}');
      world.factory.waveList.push({ ...made, metadata: Buffer.from(text) });
    };
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'abandoned' });
    expect((await world.signer.status()).watermarks).toMatchObject([{ published: null }]);
    expect(world.token.signed).toHaveLength(1);
  });

  test('its signature: without it a Wave is not delivered, whatever the server says', async () => {
    world.factory.withoutOnlineSignature = true;
    const id = await world.approved();
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'signed' });
  });
});

describe('with the online key', () => {
  test('what it makes CI targets say is what officers read: nothing is signed that they did not approve', async () => {
    const { signed } = world.fixture.ciTargets;
    const text = JSON.stringify(signed).replace(/dash@sha256:[0-9a-f]{8}/, 'dash@sha256:00000000');
    const id = await world.approved({}, ['alice']);
    const evil = signTargets(JSON.parse(text), [world.fixture.keys.online]);
    world.factory.ciTargetsText = metadataText(evil);
    await world.approve(id, 'bob');
    await world.service.reconcile();
    // the request stays with the CI targets that its statement names
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
    const [made] = world.token.signed;
    expect(made?.payload.toString('utf8')).not.toContain('dash@sha256:00000000');
    const later = await world.ask({ name: 'w45', version: 45, tag: 'staging' });
    expect(JSON.stringify((await examine(later)).base.ciTargets.sha256)).toBe(JSON.stringify(evil.sha256));
  });

  test('it cannot have production targets without the offline key', async () => {
    const alone = signTargets(targetsOf(), [world.fixture.keys.online]);
    world.factory.production.set('production', alone);
    expect(await rejectionOf(world.ask())).toMatch(/^THRESHOLD_NOT_MET/);
    const shown = { factory: 'acme', tag: 'production', metadata: metadataText(alone), roots: world.fixture.rootTexts };
    expect(await rejectionOf(world.signer.published(shown))).toMatch(/^THRESHOLD_NOT_MET/);
    await nothingSigned();
  });

  test('it does not sign in place of the offline key', async () => {
    const { keyid } = world.fixture.keys.online;
    const wave = world.wave({
      changeStatement: (it) => {
        Object.assign(it.documents[0], { sign: [keyid] });
        return it;
      },
    });
    expect(await rejectionOf(world.signer.sign(world.dossier({ wave })))).toMatch(/^SIGN_KEY_ONLINE/);
    await nothingSigned();
  });
});

function targetsOf(): unknown {
  return JSON.parse(world.wave().document.toString('utf8'));
}
