import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { requireApproved, verifyDossier } from '../../src/dossier/index.js';
import { createFixture, type Fixture, type FixtureWave } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';

let fixture: Fixture;
let wave: FixtureWave;
let otherWave: FixtureWave;
let good: string[];
/** Lines of other dossiers that are good in themselves: another Wave, another request, another Factory and service. */
let others: string[][];

beforeAll(() => {
  fixture = createFixture();
  wave = fixture.wave();
  otherWave = fixture.wave({ version: 44, prune: [40] });
  const signedAt = fixture.now;
  good = fixture.dossier({ wave, signedAt, published: true });
  const foreign = createFixture();
  others = [
    fixture.dossier({ wave: otherWave, signedAt, published: true }),
    fixture.dossier({ wave: fixture.wave({ id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' }), approvals: ['carol'] }),
    foreign.dossier({ signedAt, published: true }),
  ];
});

type Edit =
  | { readonly kind: 'drop' | 'double' | 'cut'; readonly at: number; readonly offset: number }
  | { readonly kind: 'swap'; readonly at: number; readonly with: number }
  | { readonly kind: 'character'; readonly at: number; readonly offset: number; readonly to: string }
  | {
      readonly kind: 'splice';
      readonly at: number;
      readonly from: number;
      readonly line: number;
      readonly replace: boolean;
    };

const anywhere = fc.nat({ max: 100_000 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('drop' as const, 'double' as const, 'cut' as const),
    at: anywhere,
    offset: anywhere,
  }),
  fc.record({ kind: fc.constant('swap' as const), at: anywhere, with: anywhere }),
  fc.record({
    kind: fc.constant('character' as const),
    at: anywhere,
    offset: anywhere,
    to: fc.oneof(
      fc.constantFrom('0', '1', 'a', '"', '\\', '{', '}', ',', ' ', '', '\u0000', 'é', '\ud800'),
      fc.string({ maxLength: 2 }),
    ),
  }),
  fc.record({
    kind: fc.constant('splice' as const),
    at: anywhere,
    from: anywhere,
    line: anywhere,
    replace: fc.boolean(),
  }),
);

function apply(lines: readonly string[], it: Edit): string[] {
  if (lines.length === 0) return [];
  const at = it.at % lines.length;
  const line = lines[at] ?? '';
  const with_ = (...replacement: string[]) => [...lines.slice(0, at), ...replacement, ...lines.slice(at + 1)];
  switch (it.kind) {
    case 'drop':
      return with_();
    case 'double':
      return with_(line, line);
    case 'cut':
      return with_(line.slice(0, it.offset % (line.length + 1)));
    case 'swap': {
      const other = it.with % lines.length;
      return lines.map((same, index) => (index === at ? (lines[other] ?? '') : index === other ? line : same));
    }
    case 'character': {
      const offset = it.offset % line.length;
      return with_(line.slice(0, offset) + it.to + line.slice(offset + 1));
    }
    case 'splice': {
      const source = others[it.from % others.length] ?? [];
      // The line of the same place is the one that could pass for this one.
      const index = it.line % 3 === 0 ? it.line % source.length : Math.min(at, source.length - 1);
      const foreign = source[index] ?? '';
      return it.replace ? with_(foreign) : with_(line, foreign);
    }
  }
}

describe('a dossier that somebody tampered with', () => {
  test('never throws anything but our errors, and never verifies as approved for other bytes', async () => {
    let refused = 0;
    let verified = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        const lines = edits.reduce(apply, good);
        // rejectionOf lets any other error through, which fails the test.
        const place = await rejectionOf(
          verifyDossier(lines, fixture.pins, fixture.now).then((dossier) => {
            requireApproved(dossier);
            const known = [wave, otherWave].find(({ text }) => text === dossier.statementText);
            expect(known).toBeDefined();
            expect(known && dossier.documents[0]?.bytes.equals(known.document)).toBe(true);
          }),
        );
        if (place === 'RESOLVED') verified += 1;
        else refused += 1;
      }),
      { seed: 20261122, numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(1000);
    expect(verified).toBeGreaterThan(10); // a signature line dropped, a line swapped with itself: still the same approved bytes
  });

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
