import { beforeAll, describe, expect, test } from '@jest/globals';
import { requireApproved, verifyDossier } from '../../src/dossier/index.js';
import { createFixture, type Fixture, type FixtureWave } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';

let fixture: Fixture;
let wave: FixtureWave;
let good: string[];
/** Lines of other dossiers that are good in themselves: another Wave, another request, another Factory and service. */
let others: string[][];

beforeAll(() => {
  fixture = createFixture();
  wave = fixture.wave();
  const otherWave = fixture.wave({ version: 44, prune: [40] });
  const signedAt = fixture.now;
  good = fixture.dossier({ wave, signedAt, published: true });
  const foreign = createFixture();
  others = [
    fixture.dossier({ wave: otherWave, signedAt, published: true }),
    fixture.dossier({ wave: fixture.wave({ id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' }), approvals: ['carol'] }),
    foreign.dossier({ signedAt, published: true }),
  ];
});

describe('a dossier that somebody tampered with', () => {
  test('is refused, or approved for the same bytes, with any one line replaced by that of another good dossier', async () => {
    for (const other of others) {
      for (const [index, line] of good.entries()) {
        const lines = good.map((same, at) => (at === index ? (other[index] ?? '') : same));
        const place = await rejectionOf(
          verifyDossier(lines, fixture.pins, fixture.now).then((dossier) => {
            requireApproved(dossier);
            expect(dossier.statementText).toBe(wave.text);
            expect(dossier.documents[0]?.bytes.equals(wave.document)).toBe(true);
          }),
        );
        const isVital = /"type":"(?:statement|document|approval|policy)"/.test(line) && lines[index] !== line;
        if (isVital) expect(place).not.toBe('RESOLVED');
      }
    }
  });

  test('is refused with any one line missing, but for those that add nothing to an approval', async () => {
    const outcomes = await Promise.all(
      good.map(async (line, index) => {
        const lines = good.filter((_, at) => at !== index);
        const place = await rejectionOf(
          verifyDossier(lines, fixture.pins, fixture.now).then((it) => requireApproved(it)),
        );
        return [/"type":"(\w+)"/.exec(line)?.[1], place.split(' ')[0]];
      }),
    );
    expect(outcomes).toEqual([
      ['dossier', 'DOSSIER_INVALID'],
      ['policy', 'DOSSIER_INVALID'],
      ['root', 'ROOT_NOT_TRUSTED'],
      ['root', 'THRESHOLD_NOT_MET'],
      ['root', 'STATEMENT_BASE_MISMATCH'],
      ['root', 'ROOT_NOT_TRUSTED'],
      ['root', 'THRESHOLD_NOT_MET'],
      ['root', 'STATEMENT_BASE_MISMATCH'],
      ['statement', 'DOSSIER_INVALID'],
      ['approval', 'QUORUM_NOT_MET'],
      ['approval', 'QUORUM_NOT_MET'],
      ['targets', 'DOSSIER_INVALID'],
      ['targets', 'STATEMENT_BASE_MISMATCH'],
      ['document', 'DOSSIER_INVALID'],
      ['signature', 'RESOLVED'],
      ['published', 'RESOLVED'],
    ]);
  });
});
