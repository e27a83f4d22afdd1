import { verifyDossier } from '../../src/dossier/index.js';
import { createBundleFixture, type BundleFixture } from '../support/bundle-fixture.js';
import type { DossierSeeds } from './dossier-seeds.js';
import { KEY_SEED } from './signed-seeds.js';

export interface BundleSeeds extends DossierSeeds {
  readonly bundles: BundleFixture;
  readonly statements: readonly Buffer[];
}

let made: BundleSeeds | undefined;

/** Statements and dossiers of bundles for devices without network. */
export function bundleSeeds(): BundleSeeds {
  made ??= make();
  return made;
}

function make(): BundleSeeds {
  const bundles = createBundleFixture({ keySeed: KEY_SEED });
  const { now, pins } = bundles.fixture;
  const one = bundles.bundle({ targets: Object.keys(bundles.targets.signed.targets).slice(0, 1), version: 2 });
  const own = [
    bundles.dossier(),
    bundles.dossier({ bundle: one, approvals: ['alice', 'carol'], signedAt: now }),
    bundles.dossier({ approvals: ['alice'], rejections: ['bob'] }),
  ];
  const foreign = createBundleFixture({ keySeed: 'another service' });
  return {
    ...{ bundles, pins, now },
    statements: [bundles.statement(), bundles.statement({ bundle: one })].map(({ text }) => Buffer.from(text)),
    files: [...own, foreign.dossier({ signedAt: now })],
    verified: () => Promise.all(own.map((lines) => verifyDossier(lines, pins, now))),
  };
}
