import { verifyDossier, type Pins, type VerifiedDossier } from '../../src/dossier/index.js';
import { journalLines } from '../support/journal-lines.js';
import { createFixture, type DossierOptions, type FixtureWave } from '../support/factory-fixture.js';
import { signedSeeds } from './signed-seeds.js';

export interface DossierSeeds {
  readonly pins: Pins;
  readonly now: Date;
  /** Dossiers and evidence, good in themselves, the last one of another service. Lines have their line feeds. */
  readonly files: readonly (readonly string[])[];
  /** What the good ones of this service say when nobody touched them. */
  verified(): Promise<VerifiedDossier[]>;
}

let made: DossierSeeds | undefined;

export function dossierSeeds(): DossierSeeds {
  made ??= make();
  return made;
}

function make(): DossierSeeds {
  const { fixture, wave } = signedSeeds();
  const { now, pins } = fixture;
  const other = fixture.wave({ version: 44, id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' });
  const evidenceOf = (of: FixtureWave): DossierOptions => ({
    ...{ wave: of, signedAt: now, published: true },
    parts: (parts) => ({
      ...parts,
      journals: [journalLines({ statement: of.statement, text: of.text, signatures: parts.signatures ?? [] })],
    }),
  });
  const own = [
    fixture.dossier({ wave }),
    fixture.dossier({ wave, approvals: ['alice', 'carol'], signedAt: now, published: true }),
    fixture.dossier({ wave, approvals: ['alice'], rejections: [{ person: 'bob', reason: 'not today' }] }),
    fixture.dossier(evidenceOf(wave)),
    fixture.dossier(evidenceOf(other)),
  ];
  const foreign = createFixture({ keySeed: 'another service' });
  return {
    pins,
    now,
    files: [...own, foreign.dossier({ signedAt: now })],
    verified: () => Promise.all(own.map((lines) => verifyDossier(lines, pins, now))),
  };
}
