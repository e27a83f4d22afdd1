import { describe, expect, test } from '@jest/globals';
import { applyWave, type WaveBase, type WaveChange } from '../../src/factory/index.js';
import type { TargetEntry, Targets } from '../../src/tuf/index.js';
import { placeOf } from '../support/error-code.js';
import { ciEntry } from '../support/factory-fixture.js';
import {
  changesFor,
  EXPIRES,
  productionEntry,
  readSigned,
  smallBase,
  targetsOf,
  withCustom,
} from '../support/wave-base.js';

const base = smallBase();
const apply = (changes: readonly WaveChange[], on: WaveBase = base): Targets =>
  readSigned(applyWave(changes, 'production', on));

function baseWith(
  ci: readonly [string, TargetEntry][],
  production: readonly [string, TargetEntry][] | null = null,
): WaveBase {
  return { ciTargets: targetsOf(50, ci), productionTargets: production && targetsOf(41, production) };
}

describe('applyWave', () => {
  test('adds every CI Target of the version under the tag to what is in production', () => {
    const signed = apply(changesFor(42));
    expect(Object.keys(signed)).toEqual(['_type', 'expires', 'targets', 'version']);
    expect(signed).toMatchObject({ _type: 'Targets', expires: EXPIRES, version: 42 });
    expect(Object.keys(signed.targets)).toEqual(['arm-40', 'arm-41', 'arm-42', 'x86-40', 'x86-41', 'x86-42']);
    expect(signed.targets['arm-42']).toEqual(productionEntry('arm', 42));
    expect(signed.targets['arm-40']).toEqual(base.productionTargets?.targets['arm-40']);
  });

  test('takes only the Targets with the source tag', () => {
    expect(Object.keys(apply(changesFor(43, { sourceTag: 'arm' })).targets)).toEqual([
      'arm-40',
      'arm-41',
      'arm-43',
      'x86-40',
      'x86-41',
    ]);
  });

  test('leaves pruned versions out', () => {
    expect(Object.keys(apply(changesFor(42, { prune: [40, 41] })).targets)).toEqual(['arm-42', 'x86-42']);
  });

  test('makes the first Wave of a tag from CI Targets alone', () => {
    const first = apply(changesFor(42), { ...base, productionTargets: null });
    expect(Object.keys(first.targets)).toEqual(['arm-42', 'x86-42']);
  });

  test('gives bytes that depend on neither the order of entries nor that of members', () => {
    const shuffled: WaveBase = {
      ciTargets: targetsOf(
        43,
        Object.entries(base.ciTargets.targets)
          .reverse()
          .map(([name, { length, hashes, custom }]) => {
            const reversed = Object.fromEntries(Object.entries(custom ?? {}).reverse());
            return [name, { length, hashes, custom: reversed }];
          }),
      ),
      productionTargets: base.productionTargets,
    };
    expect(applyWave(changesFor(42), 'production', shuffled)).toEqual(applyWave(changesFor(42), 'production', base));
  });

  test('drops members that fioctl does not know from entries, as fioctl does', () => {
    const extra: TargetEntry = { ...ciEntry('x86', 42, ['master']), ...{ 'x-extra': 1 } };
    const signed = apply(
      changesFor(42),
      baseWith([['x86-42', extra]], [['x86-41', { ...productionEntry('x86', 41), ...{ 'x-extra': 1 } }]]),
    );
    expect(Object.values(signed.targets).map((entry) => Object.keys(entry))).toEqual([
      ['custom', 'hashes', 'length'],
      ['custom', 'hashes', 'length'],
    ]);
  });

  test.each<[string, WaveChange[], string]>([
    ['a version that CI does not have', changesFor(44), 'WAVE_VERSION_UNKNOWN /changes/0/version'],
    ['a version at production', changesFor(41), 'WAVE_VERSION_NOT_HIGHER /changes/0/version'],
    ['a version below production', changesFor(40), 'WAVE_VERSION_NOT_HIGHER /changes/0/version'],
    [
      'a source tag that selects nothing',
      changesFor(43, { sourceTag: 'devel' }),
      'WAVE_NO_TARGETS /changes/0/sourceTag',
    ],
    [
      'pruning a version that is not there',
      changesFor(42, { prune: [40, 44] }),
      'WAVE_PRUNE_UNKNOWN /changes/2/version',
    ],
    ['pruning what it adds', changesFor(42, { prune: [40, 42] }), 'WAVE_PRUNE_SELF /changes/2/version'],
  ])('refuses %s', (_, changes, place) => {
    expect(placeOf(() => applyWave(changes, 'production', base))).toBe(place);
  });

  test('refuses pruning before the first Wave', () => {
    const first = { ...base, productionTargets: null };
    expect(placeOf(() => applyWave(changesFor(42, { prune: [40] }), 'production', first))).toBe(
      'WAVE_PRUNE_UNKNOWN /changes/1/version',
    );
  });

  test('refuses a Target that is in production already, also one that is pruned', () => {
    const same = baseWith([['same', ciEntry('x86', 42, ['master'])]], [['same', productionEntry('x86', 40)]]);
    expect(placeOf(() => applyWave(changesFor(42), 'production', same))).toBe(
      'WAVE_TARGET_EXISTS /signed/targets/same',
    );
    expect(placeOf(() => applyWave(changesFor(42, { prune: [40] }), 'production', same))).toBe(
      'WAVE_TARGET_EXISTS /signed/targets/same',
    );
  });

  test('refuses a tag that cannot stand in a URL', () => {
    expect(placeOf(() => applyWave(changesFor(42), 'a,b', base))).toBe('INPUT_INVALID /tag');
  });

  test('refuses a version that CI wrote as a number, which would leave that Target out silently', () => {
    const mixed = baseWith([
      ['x86-42', ciEntry('x86', 42, ['master'])],
      ['arm-42', withCustom(ciEntry('arm', 42, ['master']), { version: 42 })],
    ]);
    expect(placeOf(() => applyWave(changesFor(42), 'production', mixed))).toBe(
      'WAVE_ENTRY_MISMATCH /signed/targets/arm-42/custom/version',
    );
  });

  test('is not disturbed by CI entries of no version, and names them when the version is not found', () => {
    const { length, hashes } = ciEntry('arm', 42, []);
    const withStrangers = baseWith([
      ['x86-42', ciEntry('x86', 42, ['master'])],
      ['bare', { length, hashes }],
      ['odd', withCustom(ciEntry('arm', 42, []), { version: ['42'] })],
    ]);
    expect(Object.keys(apply(changesFor(42), withStrangers).targets)).toEqual(['x86-42']);
    expect(() => applyWave(changesFor(44), 'production', withStrangers)).toThrow(
      expect.objectContaining({ code: 'WAVE_VERSION_UNKNOWN', details: { version: 44, unreadable: ['bare', 'odd'] } }),
    );
  });

  test('takes entries without tags when no source tag is asked for, and leaves them out when one is', () => {
    const untagged = baseWith([
      ['x86-42', withCustom(ciEntry('x86', 42, []), { tags: undefined })],
      ['arm-42', withCustom(ciEntry('arm', 42, []), { tags: 'master' })],
      ['mips-42', ciEntry('mips', 42, ['master'])],
    ]);
    const all = apply(changesFor(42), untagged);
    expect(Object.values(all.targets).map(({ custom }) => custom?.['tags'])).toEqual([
      ['production'],
      ['production'],
      ['production'],
    ]);
    expect(Object.keys(apply(changesFor(42, { sourceTag: 'master' }), untagged).targets)).toEqual(['mips-42']);
  });

  test('treats names of what every object inherits as the plain names they are', () => {
    const hostile = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const ci = hostile.map((name): [string, TargetEntry] => [name, ciEntry('x86', 42, ['master'])]);
    const signed = apply(changesFor(42), baseWith(ci, [['x86-41', productionEntry('x86', 41)]]));
    expect(Object.keys(signed.targets)).toEqual([...hostile, 'x86-41'].sort());
  });

  test('refuses a Target named __proto__ rather than losing it', () => {
    const ci: [string, TargetEntry][] = [
      ['x86-42', ciEntry('x86', 42, ['master'])],
      ['__proto__', ciEntry('arm', 42, ['master'])],
    ];
    expect(placeOf(() => applyWave(changesFor(42), 'production', baseWith(ci)))).toBe(
      'CANONICAL_UNSAFE /targets/__proto__',
    );
  });

  test('sorts names that look like numbers by their characters, where a JavaScript object would not', () => {
    const ci = ['9', '10', '42', '1a'].map((name): [string, TargetEntry] => [name, ciEntry('x86', 42, ['master'])]);
    const bytes = applyWave(changesFor(42), 'production', baseWith(ci));
    expect([...bytes.toString('utf8').matchAll(/"(9|10|42|1a)":\{"custom"/g)].map(([, name]) => name)).toEqual([
      '10',
      '1a',
      '42',
      '9',
    ]);
  });

  test('refuses what verifiers would not agree on, wherever it stands', () => {
    const unsafe = baseWith([['x86-42', withCustom(ciEntry('x86', 42, []), { note: 'a < b' })]]);
    expect(placeOf(() => applyWave(changesFor(42), 'production', unsafe))).toBe(
      'CANONICAL_UNSAFE /targets/x86-42/custom/note',
    );
  });
});
