import { describe, expect, test } from '@jest/globals';
import { checkRootFreshness } from '../../../src/cli/officer/root-freshness.js';
import { requireKind, verifyDossier } from '../../../src/dossier/index.js';
import { serializeMetadata, type RootMetadata } from '../../../src/tuf/index.js';
import { rejectionOf } from '../../support/reject-code.js';
import { CHANGELOG, KEYS, replaceKey, targetsDocument } from '../../support/root-base.js';
import { createRootFixture } from '../../support/root-fixture.js';

const signers = [KEYS.targets[0], KEYS.online];
const documents = [targetsDocument('production', signers), targetsDocument('staging', signers)];
const fixture = createRootFixture({ documents });

async function verified() {
  const update = await fixture.update([replaceKey('targets', KEYS.targets[0], KEYS.spare[0]), CHANGELOG]);
  return requireKind(await verifyDossier(await fixture.dossier({ update }), fixture.pins, fixture.now), 'root');
}

const bytesOf = ({ metadata }: (typeof documents)[number]): Buffer => serializeMetadata(metadata);

/** The Factory as the officer sees it: just what the fixture publishes, but for what a test changes. */
function published(change: Partial<Parameters<typeof checkRootFreshness>[1]> = {}) {
  const chains: Record<string, readonly RootMetadata[]> = fixture.roots;
  return {
    url: 'https://factory.example',
    rootChain: (repository: string, from: number) =>
      Promise.resolve((chains[repository] ?? []).slice(from - 1).map((root) => serializeMetadata(root))),
    allProductionTargets: () =>
      Promise.resolve(new Map(documents.map((document) => [document.tag, bytesOf(document)]))),
    allWaveTargets: () => Promise.resolve(new Map<string, Buffer>()),
    ...change,
  };
}

describe('an officer’s own look at the Factory before a root update', () => {
  test('finds one current that builds on all that is published', async () => {
    expect(await checkRootFreshness(await verified(), published())).toEqual({
      checked: true,
      factoryUrl: 'https://factory.example',
    });
  });

  test.each([
    ['a root more', { rootChain: () => Promise.resolve([]) }],
    [
      'a tag more',
      {
        allProductionTargets: () =>
          Promise.resolve(
            new Map([...documents, targetsDocument('more', signers)].map((one) => [one.tag, bytesOf(one)])),
          ),
      },
    ],
    [
      'a tag less',
      {
        allProductionTargets: () =>
          Promise.resolve(new Map([['production', bytesOf(targetsDocument('production', signers))]])),
      },
    ],
    [
      'other production targets of a tag',
      {
        allProductionTargets: () =>
          Promise.resolve(
            new Map(documents.map(({ tag }) => [tag, bytesOf(targetsDocument(tag, signers, { version: 77 }))])),
          ),
      },
    ],
    [
      'a Wave that has begun',
      { allWaveTargets: () => Promise.resolve(new Map([['w1', bytesOf(targetsDocument('production', signers))]])) },
    ],
  ])('refuses when the Factory has %s', async (_, change) => {
    expect(await rejectionOf(checkRootFreshness(await verified(), published(change)))).toMatch(/^STALE_BASE/);
  });
});
