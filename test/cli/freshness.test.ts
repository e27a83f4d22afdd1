import { describe, expect, it } from '@jest/globals';
import { checkFreshness } from '../../src/cli/officer/freshness.js';
import { verifyDossier, type VerifiedDossier } from '../../src/dossier/index.js';
import { createFixture, type Fixture, type WaveOptions } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';

const fixture = createFixture();

async function verified(wave: WaveOptions = {}): Promise<VerifiedDossier> {
  return await verifyDossier(fixture.dossier({ wave: fixture.wave(wave) }), fixture.pins, fixture.now);
}

/** The Factory as the officer sees it: just what the fixture publishes, but for what a test changes. */
function published(change: Partial<Parameters<typeof checkFreshness>[1]> = {}): Parameters<typeof checkFreshness>[1] {
  return {
    url: 'https://factory.example',
    rootChain: (repository, from) =>
      Promise.resolve(fixture.rootTexts[repository].slice(from - 1).map((text) => Buffer.from(text))),
    productionTargets: () => Promise.resolve(Buffer.from(productionText(fixture))),
    waves: () => Promise.resolve([]),
    waveTargets: () => Promise.resolve(null),
    ...change,
  };
}

function productionText({ productionTargets }: Fixture): string {
  if (productionTargets === null) throw new Error('the fixture has production targets');
  const { signatures, signed } = productionTargets;
  return JSON.stringify({ signatures, signed });
}

describe('an officer’s own look at the Factory', () => {
  it('finds a request current that builds on what is published', async () => {
    expect(await checkFreshness(await verified(), published())).toEqual({
      checked: true,
      factoryUrl: 'https://factory.example',
    });
  });

  it('refuses when the tag has moved on', async () => {
    const moved = createFixture({ productionVersion: 41 });
    const look = published({ productionTargets: () => Promise.resolve(Buffer.from(productionText(moved))) });
    expect(await rejectionOf(checkFreshness(await verified(), look))).toMatch(/^STALE_BASE/);
  });

  it('refuses when the tag has no production targets any more', async () => {
    const look = published({ productionTargets: () => Promise.resolve(null) });
    expect(await rejectionOf(checkFreshness(await verified(), look))).toMatch(/^STALE_BASE/);
  });

  it.each(['ci', 'production'] as const)('refuses when the %s root is another one', async (changed) => {
    const other = createFixture();
    const look = published({
      rootChain: (repository) =>
        Promise.resolve([Buffer.from((repository === changed ? other : fixture).rootTexts[repository].at(-1) ?? '')]),
    });
    expect(await rejectionOf(checkFreshness(await verified(), look))).toMatch(/^STALE_BASE/);
  });

  it('refuses to supersede what is active as a Wave', async () => {
    const out = fixture.wave({ expires: '2027-01-01T00:00:00Z' });
    const superseding = await verified({
      supersedes: { statement: out.sha256, documents: [out.statement.documents[0].sha256] },
    });
    const active = { name: 'w42', version: 42, tag: 'production', status: 'active', raw: {} };
    const look = published({
      waves: () => Promise.resolve([active]),
      waveTargets: () => Promise.resolve(Buffer.from(fixture.publish(out.document))),
    });
    expect(await rejectionOf(checkFreshness(superseding, look))).toMatch(/^STALE_BASE/);
    await expect(checkFreshness(superseding, published())).resolves.toMatchObject({ checked: true });
  });
});
