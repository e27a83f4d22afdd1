import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyWave, diffWave, readWaveChanges, type WaveBase, type WaveChange } from '../../src/factory/index.js';
import { encodeCanonical, type JsonValue, type TargetEntry, type Targets } from '../../src/tuf/index.js';
import { placeOf } from '../support/error-code.js';
import { ciEntry } from '../support/factory-fixture.js';
import { changesFor, productionEntry, readSigned, smallBase, targetsOf, withCustom } from '../support/wave-base.js';

const base = smallBase();
const good = readSigned(applyWave(changesFor(42, { prune: [40] }), 'production', base));

function withTargets(change: (targets: Map<string, TargetEntry>) => void, from: Targets = good): Targets {
  const targets = new Map(Object.entries(from.targets));
  change(targets);
  return { ...from, targets: Object.fromEntries(targets) };
}

function edited(name: string, members: Record<string, JsonValue | undefined>): Targets {
  return withTargets((targets) => {
    const entry = targets.get(name);
    if (entry !== undefined) targets.set(name, withCustom(entry, members));
  });
}

describe('diffWave', () => {
  test('reads the changes back that a Wave was made with', () => {
    expect(diffWave(good, 'production', base)).toEqual(changesFor(42, { prune: [40] }));
  });

  test('finds the source tag that selects just the added Targets, and none when all were taken', () => {
    const arm = readSigned(applyWave(changesFor(43, { sourceTag: 'arm' }), 'production', base));
    expect(diffWave(arm, 'production', base)).toEqual(changesFor(43, { sourceTag: 'arm' }));
    const nightly = readSigned(applyWave(changesFor(43, { sourceTag: 'nightly' }), 'production', base));
    expect(diffWave(nightly, 'production', base)).toEqual(changesFor(43));
  });

  test('chooses the smallest of several source tags that select the same', () => {
    const ci: [string, TargetEntry][] = [
      ['x86-42', ciEntry('x86', 42, ['zeta', 'beta', 'both', 'alpha'])],
      ['arm-42', ciEntry('arm', 42, ['both', 'alpha'])],
    ];
    const on = { ciTargets: targetsOf(42, ci), productionTargets: null };
    const signed = readSigned(applyWave(changesFor(42, { sourceTag: 'zeta' }), 'production', on));
    expect(diffWave(signed, 'production', on)).toEqual(changesFor(42, { sourceTag: 'beta' }));
  });

  test.each<[string, Targets, string]>([
    [
      'a member of signed that a Wave does not have',
      { ...good, ...{ 'x-note': 'hi' } },
      'WAVE_CHANGE_INEXPRESSIBLE /signed/x-note',
    ],
    [
      'delegations',
      { ...good, ...{ delegations: { keys: {}, roles: [] } } },
      'WAVE_CHANGE_INEXPRESSIBLE /signed/delegations',
    ],
    [
      'a time that devices do not read',
      { ...good, expires: '2027-11-22T16:26:20.0Z' },
      'WAVE_EXPIRES_INVALID /signed/expires',
    ],
    ['the version of production', { ...good, version: 41 }, 'WAVE_VERSION_NOT_HIGHER /signed/version'],
    [
      'a member of a Target that Targets do not have',
      withTargets((targets) => {
        targets.set('x86-42', { ...productionEntry('x86', 42), ...{ 'x-note': 1 } });
      }),
      'WAVE_CHANGE_INEXPRESSIBLE /signed/targets/x86-42/x-note',
    ],
    [
      'a Target that CI never made',
      withTargets((targets) => {
        targets.set('evil-42', productionEntry('x86', 42));
      }),
      'WAVE_ENTRY_MISMATCH /signed/targets/evil-42',
    ],
    [
      'a Target of another version in CI',
      withTargets((targets) => {
        targets.set('x86-43', productionEntry('x86', 43));
      }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-43/custom/version',
    ],
    [
      'an older version under the new number',
      { ...good, version: 50 },
      'WAVE_ENTRY_MISMATCH /signed/targets/arm-42/custom/version',
    ],
    [
      'an added Target without custom',
      withTargets((targets) => {
        const { length, hashes } = productionEntry('x86', 42);
        targets.set('x86-42', { length, hashes });
      }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom',
    ],
    [
      'another digest',
      withTargets((targets) => {
        targets.set('x86-42', { ...productionEntry('x86', 42), hashes: { sha256: '00'.repeat(32) } });
      }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/hashes/sha256',
    ],
    [
      'one more digest',
      withTargets((targets) => {
        const entry = productionEntry('x86', 42);
        targets.set('x86-42', { ...entry, hashes: { ...entry.hashes, sha512: '00'.repeat(64) } });
      }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/hashes/sha512',
    ],
    [
      'another length',
      withTargets((targets) => {
        targets.set('x86-42', { ...productionEntry('x86', 42), length: 1 });
      }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/length',
    ],
    [
      'one nested value changed',
      edited('x86-42', { 'x-unknown': { a: [1, 'two', null, true], b: { nested: -8 } } }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/x-unknown/b/nested',
    ],
    [
      'one nested list longer',
      edited('x86-42', { 'x-unknown': { a: [1, 'two', null, true, 5], b: { nested: -7 } } }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/x-unknown/a/4',
    ],
    [
      'a member of custom added',
      edited('x86-42', { extra: null }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/extra',
    ],
    [
      'a member of custom removed',
      edited('x86-42', { arch: undefined }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/arch',
    ],
    [
      'a boolean as a text',
      edited('x86-42', { cliUploaded: 'false' }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/cliUploaded',
    ],
    [
      'the tags of CI',
      edited('x86-42', { tags: ['master'] }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/tags/0',
    ],
    [
      'one tag more',
      edited('x86-42', { tags: ['production', 'devel'] }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/tags/1',
    ],
    [
      'the tag twice',
      edited('x86-42', { tags: ['production', 'production'] }),
      'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/tags/1',
    ],
    ['no tags', edited('x86-42', { tags: undefined }), 'WAVE_ENTRY_MISMATCH /signed/targets/x86-42/custom/tags'],
    [
      'a Target in production changed',
      edited('x86-41', { arch: 'mips' }),
      'WAVE_CHANGE_INEXPRESSIBLE /signed/targets/x86-41/custom/arch',
    ],
    [
      'one Target of a version removed',
      withTargets((targets) => targets.delete('x86-41')),
      'WAVE_CHANGE_INEXPRESSIBLE /signed/targets/x86-41',
    ],
    [
      'nothing added',
      withTargets((targets) => {
        targets.delete('x86-42');
        targets.delete('arm-42');
      }),
      'WAVE_NO_TARGETS /signed/targets',
    ],
    [
      'one of two Targets left out, without a tag that says so',
      withTargets((targets) => targets.delete('x86-42')),
      'WAVE_CHANGE_INEXPRESSIBLE /signed/targets',
    ],
  ])('refuses %s', (_, submitted, place) => {
    expect(placeOf(() => diffWave(submitted, 'production', base))).toBe(place);
  });

  test('refuses a version of which CI has nothing', () => {
    const nothing = withTargets((targets) => {
      targets.delete('x86-42');
      targets.delete('arm-42');
    });
    expect(placeOf(() => diffWave({ ...nothing, version: 50 }, 'production', base))).toBe(
      'WAVE_VERSION_UNKNOWN /signed/version',
    );
  });

  test('refuses a Target of the version that stands in production under the same name', () => {
    const on: WaveBase = {
      ciTargets: base.ciTargets,
      productionTargets: targetsOf(41, [['x86-42', productionEntry('x86', 40)]]),
    };
    const submitted = targetsOf(42, [
      ['x86-42', productionEntry('x86', 42)],
      ['arm-42', productionEntry('arm', 42)],
    ]);
    expect(placeOf(() => diffWave(submitted, 'production', on))).toBe('WAVE_TARGET_EXISTS /signed/targets/x86-42');
  });

  test('refuses that a Target of no version disappears', () => {
    const { length, hashes } = productionEntry('x86', 1);
    const on: WaveBase = {
      ciTargets: base.ciTargets,
      productionTargets: targetsOf(41, [['bare', { length, hashes }]]),
    };
    const submitted = targetsOf(42, [
      ['x86-42', productionEntry('x86', 42)],
      ['arm-42', productionEntry('arm', 42)],
    ]);
    expect(placeOf(() => diffWave(submitted, 'production', on))).toBe('WAVE_CHANGE_INEXPRESSIBLE /signed/targets/bare');
    expect(
      diffWave(
        withTargets((targets) => targets.set('bare', { length, hashes }), submitted),
        'production',
        on,
      ).map(({ op }) => op),
    ).toEqual(['add-version', 'set-expires']);
  });

  test('refuses that a Target of the added version disappears from production', () => {
    const on: WaveBase = {
      ciTargets: base.ciTargets,
      productionTargets: targetsOf(41, [['early-42', productionEntry('x86', 42)]]),
    };
    const submitted = targetsOf(42, [
      ['x86-42', productionEntry('x86', 42)],
      ['arm-42', productionEntry('arm', 42)],
    ]);
    expect(placeOf(() => diffWave(submitted, 'production', on))).toBe('WAVE_PRUNE_SELF /signed/targets/early-42');
  });

  test('sees a Target named like what every object inherits as any other', () => {
    const submitted = withTargets((targets) => targets.set('constructor', productionEntry('x86', 42)));
    expect(placeOf(() => diffWave(submitted, 'production', base))).toBe(
      'WAVE_ENTRY_MISMATCH /signed/targets/constructor',
    );
  });
});

const TAGS = ['a', 'b', 'c'];
const NAMES = ['x86', 'arm', 'constructor', 'toString', 'a/b', 'a~b', '7', '42', 'p q', '\u007e', 'hasOwnProperty'];

/** A Factory: Targets of CI versions 5 to 8 under unlike names, production made of some of versions 1 to 4. */
const arbitraryBase: fc.Arbitrary<WaveBase> = fc
  .record({
    ci: fc.uniqueArray(
      fc.record({ name: fc.constantFrom(...NAMES), version: fc.integer({ min: 5, max: 8 }), tags: fc.subarray(TAGS) }),
      { selector: ({ name, version }) => `${name} ${version}`, minLength: 1, maxLength: 16 },
    ),
    production: fc.option(
      fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), version: fc.integer({ min: 1, max: 4 }) }), {
        selector: ({ name }) => name,
        maxLength: 8,
      }),
    ),
    bareNames: fc.boolean(),
  })
  .map(({ ci, production, bareNames }) => ({
    // One version may have its names bare, so that some of them collide with production's or look like numbers.
    ciTargets: targetsOf(
      8,
      ci.map(({ name, version, tags }) => [
        bareNames && version === 8 ? name : `${name}-${version}`,
        ciEntry(name, version, tags),
      ]),
    ),
    productionTargets:
      production &&
      targetsOf(
        4,
        production.map(({ name, version }) => [name, productionEntry(name, version)]),
      ),
  }));

const arbitraryWave = arbitraryBase.chain((on) => {
  const inProduction = new Set(
    Object.values(on.productionTargets?.targets ?? {}).map(({ custom }) => Number(custom?.['version'])),
  );
  return fc.record({
    on: fc.constant(on),
    changes: fc
      .record({
        version: fc.integer({ min: 5, max: 8 }),
        sourceTag: fc.option(fc.constantFrom(...TAGS)),
        prune: fc.subarray([...inProduction].sort()),
      })
      .map(({ version, ...rest }) => changesFor(version, rest)),
  });
});

function isAcceptable(changes: readonly WaveChange[], on: WaveBase): boolean {
  return placeOf(() => applyWave(changes, 'production', on)) === 'NOTHING_THROWN';
}

describe('diffWave and applyWave', () => {
  test('are each other’s inverse, whatever the base and the changes', () => {
    let seen = 0;
    fc.assert(
      fc.property(arbitraryWave, ({ on, changes }) => {
        fc.pre(isAcceptable(changes, on));
        seen += 1;
        const bytes = applyWave(changes, 'production', on);
        const found = diffWave(readSigned(bytes), 'production', on);
        expect(applyWave(found, 'production', on).toString()).toBe(bytes.toString());
        expect({ ...readWaveChanges(found), sourceTag: null }).toEqual({
          ...readWaveChanges(changes),
          sourceTag: null,
        });
        // The same document again gives the same changes: a statement depends on nothing but what is signed.
        expect(diffWave(readSigned(bytes), 'production', on)).toEqual(found);
      }),
      { seed: 20261122, numRuns: 500 },
    );
    expect(seen).toBe(500);
  });

  test('never pass over an edit: whatever diffWave accepts is reproduced byte for byte', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        arbitraryWave,
        fc.nat(),
        fc.constantFrom('drop', 'tag', 'nested', 'rename', 'none'),
        ({ on, changes }, at, edit) => {
          fc.pre(isAcceptable(changes, on));
          const signed = readSigned(applyWave(changes, 'production', on));
          const names = Object.keys(signed.targets);
          const name = names[at % names.length] ?? '';
          const submitted = withTargets((targets) => {
            const entry = targets.get(name);
            if (entry === undefined || edit === 'none') return;
            targets.delete(name);
            if (edit === 'tag') targets.set(name, withCustom(entry, { tags: ['production', 'x'] }));
            if (edit === 'nested')
              targets.set(name, withCustom(entry, { 'x-unknown': { a: [1, 'two', null], b: {} } }));
            if (edit === 'rename') targets.set(`${name}x`, entry);
          }, signed);
          const place = placeOf(() => {
            const found = diffWave(submitted, 'production', on);
            expect(applyWave(found, 'production', on).toString()).toBe(encodeCanonical(submitted).toString());
            accepted += 1;
          });
          if (place !== 'NOTHING_THROWN') refused += 1;
          if (edit === 'none') expect(place).toBe('NOTHING_THROWN');
          if (edit === 'tag' || edit === 'nested' || edit === 'rename') expect(place).not.toBe('NOTHING_THROWN');
        },
      ),
      { seed: 20261122, numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(200);
  });
});
