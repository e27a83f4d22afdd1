import { verifyDossier } from '../../src/dossier/index.js';
import { CHANGELOG, KEYS, replaceKey } from '../support/root-base.js';
import { createRootFixture } from '../support/root-fixture.js';
import type { DossierSeeds } from './dossier-seeds.js';
import { KEY_SEED } from './signed-seeds.js';

export interface RootSeeds extends DossierSeeds {
  readonly statements: readonly Buffer[];
}

let made: Promise<RootSeeds> | undefined;

/** Statements and dossiers of root updates: a targets key rotated with all of production signed again, and a root key retired from outside. */
export function rootSeeds(): Promise<RootSeeds> {
  made ??= make();
  return made;
}

async function make(): Promise<RootSeeds> {
  const fixture = createRootFixture({ keySeed: KEY_SEED });
  const { now, pins } = fixture;
  const [first] = KEYS.root;
  const [spare] = KEYS.spare;
  const rotation = await fixture.update([replaceKey('targets', KEYS.targets[0], spare), CHANGELOG]);
  const retirement = await fixture.update([replaceKey('root', first, spare), CHANGELOG], { outside: [first] });
  const own = [
    await fixture.dossier({ update: rotation }),
    await fixture.dossier({ update: rotation, approvals: ['alice'] }),
    await fixture.dossier({ update: rotation, signedAt: now, publishedBy: [first] }),
    await fixture.dossier({ update: retirement, signedAt: now, externals: [first], publishedBy: [first, spare] }),
  ];
  const other = createRootFixture({ keySeed: 'another service' });
  const foreign = await other.update([replaceKey('targets', KEYS.targets[0], spare), CHANGELOG]);
  return {
    pins,
    now,
    statements: [rotation, retirement].map(({ text }) => Buffer.from(text)),
    files: [...own, await other.dossier({ update: foreign, signedAt: now })],
    verified: () => Promise.all(own.map((lines) => verifyDossier(lines, pins, now))),
  };
}
