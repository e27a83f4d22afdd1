import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { describeWave, formatWave, type WaveBase, type WaveSummary } from '../../src/factory/index.js';
import { ciEntry } from '../support/factory-fixture.js';
import { changesFor, productionEntry, targetsOf, withCustom } from '../support/wave-base.js';

const image = (name: string, digit: string) => ({ uri: `apps.example/acme/${name}@sha256:${digit.repeat(8)}` });

const BASE: WaveBase = {
  ciTargets: targetsOf(42, [
    [
      'intel-corei7-64-lmp-42',
      {
        ...withCustom(ciEntry('intel-corei7-64', 42, ['master']), {
          docker_compose_apps: { dash: image('dash', '2'), shell: image('shell', '1'), fresh: image('fresh', '7') },
        }),
        hashes: { sha256: 'ab'.repeat(32) },
      },
    ],
  ]),
  productionTargets: targetsOf(40, [
    [
      'intel-corei7-64-lmp-40',
      withCustom(productionEntry('intel-corei7-64', 40), {
        docker_compose_apps: { dash: image('dash', '1'), shell: image('shell', '1'), old: image('old', '3') },
      }),
    ],
    ['intel-corei7-64-lmp-9', productionEntry('intel-corei7-64', 9)],
    ['raspberrypi4-64-lmp-40', productionEntry('raspberrypi4-64', 40)],
    ['raspberrypi3-64-lmp-9', productionEntry('raspberrypi3-64', 9)],
  ]),
};

describe('formatWave', () => {
  test('reads like this', () => {
    expect(`\n${formatWave(describeWave(changesFor(42, { sourceTag: 'master', prune: [9] }), 'production', BASE))}`)
      .toBe(`
Wave for tag production: version 40 -> 42

  expires     2027-11-22T16:26:20Z (was 2027-01-01T00:00:00Z)
  taken from  CI Targets with tag master
  pruned      version 9

  intel-corei7-64
    + intel-corei7-64-lmp-42  version 42
        sha256     abababababababababababababababababababababababababababababababab
        app dash   apps.example/acme/dash@sha256:22222222
          was      apps.example/acme/dash@sha256:11111111
        app fresh  apps.example/acme/fresh@sha256:77777777 (new)
        app shell  apps.example/acme/shell@sha256:11111111 (unchanged)
        app old    removed
          was      apps.example/acme/old@sha256:33333333
    - intel-corei7-64-lmp-9   version 9
    = intel-corei7-64-lmp-40  version 40

  raspberrypi3-64  IS LEFT WITHOUT TARGETS
    - raspberrypi3-64-lmp-9  version 9

  raspberrypi4-64  gets no new Target
    = raspberrypi4-64-lmp-40  version 40

  1 added (+), 2 dropped (-), 2 kept (=)
`);
  });

  test('says that a Wave is the first of its tag', () => {
    const first = formatWave(describeWave(changesFor(42), 'production', { ...BASE, productionTargets: null }));
    expect(first).toContain('version 42 (the first of this tag)');
    expect(first).toContain('taken from  every CI Target of the version');
    expect(first).toContain('pruned      nothing');
  });

  test('shows every text of a document on one line, without anything that a terminal would act on', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[2J',
        '\u009b31m',
        'a\nb',
        '\r',
        '\t',
        '\u202e',
        '\u200b',
        'é',
        '\u0007',
        '',
        ' ',
        '"',
        '\\',
        "'",
        '`',
      ),
    );
    const summary: fc.Arbitrary<WaveSummary> = fc.record({
      version: fc.integer({ min: 1 }),
      tag: hostile,
      expires: hostile,
      sourceTag: fc.option(hostile),
      previousVersion: fc.option(fc.integer({ min: 1 })),
      previousExpires: fc.option(hostile),
      pruned: fc.array(fc.integer({ min: 1 }), { maxLength: 2 }),
      hardware: fc.array(
        fc.record({
          hardwareId: hostile,
          added: fc.array(
            fc.record({
              target: hostile,
              version: hostile,
              sha256: hostile,
              comparedWith: fc.option(hostile),
              apps: fc.array(fc.record({ name: hostile, uri: hostile, was: fc.option(hostile) }), { maxLength: 2 }),
              removedApps: fc.array(fc.record({ name: hostile, was: hostile }), { maxLength: 2 }),
            }),
            { maxLength: 2 },
          ),
          dropped: fc.array(fc.record({ target: hostile, version: hostile }), { maxLength: 2 }),
          kept: fc.array(fc.record({ target: hostile, version: hostile }), { maxLength: 2 }),
        }),
        { maxLength: 2 },
      ),
    });
    const longest = (it: WaveSummary) =>
      it.hardware.flatMap(({ added, dropped, kept }) => [
        '',
        '',
        ...[...added, ...dropped, ...kept],
        ...added.flatMap(({ apps, removedApps }) => [
          '',
          ...apps.flatMap(({ was, uri }) => (was === null || was === uri ? [''] : ['', ''])),
          ...removedApps.flatMap(() => ['', '']),
        ]),
      ]).length + 7;
    fc.assert(
      fc.property(summary, (it) => {
        const text = formatWave(it);
        expect(text).toMatch(/^[\x20-\x7e\n]*$/);
        expect(text.split('\n')).toHaveLength(longest(it) + 1);
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });

  test('quotes what could pose as the words around it', () => {
    const summary = describeWave(changesFor(42), 'production', {
      ciTargets: targetsOf(42, [
        [
          'x86  version 41',
          withCustom(ciEntry('x86', 42, []), { docker_compose_apps: { 'a (unchanged)': { uri: 'r/a (unchanged)' } } }),
        ],
      ]),
      productionTargets: null,
    });
    expect(formatWave(summary)).toContain('+ "x86  version 41"  version 42');
    expect(formatWave(summary)).toContain('app "a (unchanged)"  "r/a (unchanged)" (new)');
  });
});
