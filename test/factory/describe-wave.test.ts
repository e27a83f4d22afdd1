import { describe, expect, test } from '@jest/globals';
import { describeWave, type WaveBase } from '../../src/factory/index.js';
import type { TargetEntry } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { ciEntry } from '../support/factory-fixture.js';
import { changesFor, EXPIRES, productionEntry, smallBase, targetsOf, withCustom } from '../support/wave-base.js';

const base = smallBase();

function uri(entry: TargetEntry, app: string): unknown {
  return (entry.custom?.['docker_compose_apps'] as Record<string, { uri: string }>)[app]?.uri;
}

describe('describeWave', () => {
  test('tells for each hardware id what comes, goes and stays, and which images change', () => {
    const summary = describeWave(changesFor(43, { sourceTag: 'arm', prune: [40] }), 'production', base);
    expect(summary).toMatchObject({
      version: 43,
      tag: 'production',
      expires: EXPIRES,
      sourceTag: 'arm',
      previousVersion: 41,
      previousExpires: '2027-01-01T00:00:00Z',
      pruned: [40],
    });
    const before = productionEntry('arm', 41);
    const after = ciEntry('arm', 43, []);
    expect(summary.hardware).toEqual([
      {
        hardwareId: 'arm',
        added: [
          {
            target: 'arm-43',
            version: '43',
            sha256: after.hashes['sha256'],
            comparedWith: 'arm-41',
            apps: [
              { name: 'dash', uri: uri(after, 'dash'), was: uri(before, 'dash') },
              { name: 'shell', uri: uri(after, 'shell'), was: uri(before, 'shell') },
            ],
            removedApps: [],
          },
        ],
        dropped: [{ target: 'arm-40', version: '40' }],
        kept: [{ target: 'arm-41', version: '41' }],
      },
      {
        hardwareId: 'x86',
        added: [],
        dropped: [{ target: 'x86-40', version: '40' }],
        kept: [{ target: 'x86-41', version: '41' }],
      },
    ]);
  });

  test('says that everything is new in the first Wave of a tag', () => {
    const summary = describeWave(changesFor(42), 'production', { ...base, productionTargets: null });
    expect(summary).toMatchObject({ previousVersion: null, previousExpires: null });
    for (const { added, kept, dropped } of summary.hardware) {
      expect(kept).toEqual([]);
      expect(dropped).toEqual([]);
      expect(added.map(({ comparedWith }) => comparedWith)).toEqual([null]);
      expect(added.flatMap(({ apps }) => apps.map(({ was }) => was))).toEqual([null, null]);
    }
  });

  test('compares with the highest version by number, not by text', () => {
    const on: WaveBase = {
      ciTargets: targetsOf(100, [['x86-100', ciEntry('x86', 100, [])]]),
      productionTargets: targetsOf(41, [
        ['x86-9', productionEntry('x86', 9)],
        ['x86-10', productionEntry('x86', 10)],
      ]),
    };
    expect(describeWave(changesFor(100), 'production', on).hardware[0]?.added[0]?.comparedWith).toBe('x86-10');
  });

  test('names apps that are gone and apps that are new', () => {
    const on: WaveBase = {
      ciTargets: targetsOf(42, [
        [
          'x86-42',
          withCustom(ciEntry('x86', 42, []), {
            docker_compose_apps: { fresh: { uri: 'r/fresh' }, same: { uri: 'r/same' } },
          }),
        ],
      ]),
      productionTargets: targetsOf(41, [
        [
          'x86-41',
          withCustom(productionEntry('x86', 41), {
            docker_compose_apps: { same: { uri: 'r/same' }, gone: { uri: 'r/gone' } },
          }),
        ],
      ]),
    };
    const [added] = describeWave(changesFor(42), 'production', on).hardware[0]?.added ?? [];
    expect(added?.apps).toEqual([
      { name: 'fresh', uri: 'r/fresh', was: null },
      { name: 'same', uri: 'r/same', was: 'r/same' },
    ]);
    expect(added?.removedApps).toEqual([{ name: 'gone', was: 'r/gone' }]);
  });

  test('lists a Target under each of its hardware ids, once', () => {
    const on: WaveBase = {
      ciTargets: targetsOf(42, [['multi', withCustom(ciEntry('x86', 42, []), { hardwareIds: ['b', 'a', 'b'] })]]),
      productionTargets: null,
    };
    expect(
      describeWave(changesFor(42), 'production', on).hardware.map(({ hardwareId, added }) => [
        hardwareId,
        added.length,
      ]),
    ).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });

  test.each<[string, TargetEntry]>([
    ['no hardware ids', withCustom(ciEntry('x86', 42, []), { hardwareIds: undefined })],
    ['hardware ids that are no list', withCustom(ciEntry('x86', 42, []), { hardwareIds: 'x86' })],
    ['hardware ids that are no texts', withCustom(ciEntry('x86', 42, []), { hardwareIds: [1, null, ['x']] })],
    ['no apps', withCustom(ciEntry('x86', 42, []), { hardwareIds: [], docker_compose_apps: undefined })],
    ['apps that are a list', withCustom(ciEntry('x86', 42, []), { hardwareIds: [], docker_compose_apps: [1] })],
    ['apps that are null', withCustom(ciEntry('x86', 42, []), { hardwareIds: [], docker_compose_apps: null })],
    ['no sha256', { ...withCustom(ciEntry('x86', 42, []), { hardwareIds: [] }), hashes: { sha512: '00'.repeat(64) } }],
  ])('goes as far as an entry goes with %s', (_, entry) => {
    const on: WaveBase = { ciTargets: targetsOf(42, [['odd', entry]]), productionTargets: null };
    const { hardware } = describeWave(changesFor(42), 'production', on);
    expect(hardware.map(({ hardwareId }) => hardwareId)).toEqual(['']);
    expect(hardware[0]?.added[0]).toMatchObject({ target: 'odd', version: '42' });
  });

  test('shows what is no image address as it is', () => {
    const apps = { number: { uri: 7 }, text: 'x', none: null };
    const on: WaveBase = {
      ciTargets: targetsOf(42, [['odd', withCustom(ciEntry('x86', 42, []), { docker_compose_apps: apps })]]),
      productionTargets: null,
    };
    expect(describeWave(changesFor(42), 'production', on).hardware[0]?.added[0]?.apps).toEqual([
      { name: 'none', uri: 'null', was: null },
      { name: 'number', uri: '{"uri":7}', was: null },
      { name: 'text', uri: '"x"', was: null },
    ]);
  });

  test('refuses what applyWave refuses', () => {
    expect(codeOf(() => describeWave(changesFor(41), 'production', base))).toBe('WAVE_VERSION_NOT_HIGHER');
  });
});
