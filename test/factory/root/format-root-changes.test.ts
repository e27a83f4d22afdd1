import { describe, expect, test } from '@jest/globals';
import {
  chooseReSigned,
  describeRootChanges,
  formatRootChanges,
  type RootBase,
  type RootChange,
  type TargetsDocument,
} from '../../../src/factory/index.js';
import {
  addKey,
  CHANGELOG,
  KEYS,
  newKey,
  replaceKey,
  rewriteRoot,
  rootBase,
  targetsDocument,
} from '../../support/root-base.js';

const { online, root, targets, spare } = KEYS;
const describeUpdate = (
  changes: readonly RootChange[],
  base: RootBase = rootBase(),
  documents: TargetsDocument[] = [],
) => describeRootChanges(changes, base, documents);
const warnings = (...args: Parameters<typeof describeUpdate>): string[] =>
  describeUpdate(...args).warnings.map(({ kind }) => kind);
const two = { root: [root[0], root[1]] };
const rootThreshold = (threshold: number): RootChange => ({
  op: 'set-threshold',
  role: 'root',
  repository: 'both',
  threshold,
});

describe('formatRootChanges', () => {
  test('says every change in a line, and nothing shortened', () => {
    const production = targetsDocument('production', [online, targets[0]]);
    const changes = chooseReSigned(
      [
        { op: 'replace-online-key', role: 'snapshot', old: KEYS.snapshot.keyid, new: newKey(spare[3]) },
        replaceKey('targets', targets[0], spare[0]),
        addKey('root', spare[1]),
        rootThreshold(2),
        { op: 'set-expires', expires: '2028-06-01T00:00:00Z' },
        CHANGELOG,
      ],
      rootBase(two),
      [production],
    );
    const owner = 'ED25519, owner 2bd806c97f0e00af1a1fc332 since 2026-11-22T16:00:00Z';
    const { sha256 } = production.metadata;
    expect(formatRootChanges(describeUpdate(changes, rootBase(two), [production]))).toBe(
      [
        'Root update: version 4 -> 5, CI and production',
        '',
        `  replace online key  snapshot            ${KEYS.snapshot.keyid} by ${spare[3].keyid} (ED25519, no owner), made by the Factory`,
        `  replace key         targets             ${targets[0].keyid} by ${spare[0].keyid} (${owner})`,
        `  add key             root                ${spare[1].keyid} (${owner})`,
        '  set threshold       root                1 -> 2, of 3 keys',
        '  set expires         both roots          2027-06-01T00:00:00Z -> 2028-06-01T00:00:00Z',
        '  changelog           both roots          "Rotate keys" by 2bd806c97f0e00af1a1fc332 at 2026-11-22T16:00:00.445163743Z',
        `  re-sign             production targets  production version 42, expires 2027-11-22T16:26:20Z, sha256 ${sha256}, with ${spare[0].keyid}`,
        '',
        `  root signatures by ${spare[1].keyid}, ${root[0].keyid}`,
        '  3 key changes, 1 document signed again, 0 adopted',
        '',
      ].join('\n'),
    );
  });

  test('shows every value of an adopted document', () => {
    const stranger = targetsDocument('stranger', [online]);
    const base = rootBase({ targets: [] });
    const changes = chooseReSigned([addKey('targets', spare[0]), CHANGELOG], base, [stranger], { adopts: () => true });
    const text = formatRootChanges(describeUpdate(changes, base, [stranger]));
    expect(text).toContain('  adopted: all of production targets stranger\n');
    for (const line of [
      '/_type "Targets"',
      '/expires "2027-11-22T16:26:20Z"',
      '/targets/intel-corei7-64-lmp-42/custom/docker_compose_apps {}',
      '/targets/intel-corei7-64-lmp-42/custom/hardwareIds/0 "intel-corei7-64"',
      '/targets/intel-corei7-64-lmp-42/custom/tags/0 "stranger"',
      '/targets/intel-corei7-64-lmp-42/custom/version "42"',
      `/targets/intel-corei7-64-lmp-42/hashes/sha256 "${'ab'.repeat(32)}"`,
      '/targets/intel-corei7-64-lmp-42/length 0',
      '/version 42',
    ]) {
      expect(text.replace(/ {2,}/g, ' ')).toContain(` ${line}\n`);
    }
  });

  test('is plain text whatever the documents hold', () => {
    const tricky = (signed: RootBase['ci']): RootBase['ci'] =>
      rewriteRoot(signed, (text) =>
        text.replaceAll(root[0].keyid, '\\n  WARNING: none').replace('{"_type"', '{"a\\nb":1,"_type"'),
      );
    const base = rootBase();
    const text = formatRootChanges(
      describeUpdate([CHANGELOG], { ...base, ci: tricky(base.ci), production: tricky(base.production) }),
    );
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text.split('\n').filter((line) => line.startsWith('  WARNING: none'))).toEqual([]);
  });
});

describe('describeRootChanges warns', () => {
  test.each<[string, string[], string[]]>([
    ['of a single root key', warnings([CHANGELOG]), ['single-root-key']],
    ['of root keys without a spare', warnings([rootThreshold(2), CHANGELOG], rootBase(two)), ['no-spare-root-key']],
    ['of nothing where one is to spare', warnings([CHANGELOG], rootBase(two)), []],
    [
      'of a lowered threshold',
      warnings([rootThreshold(1), CHANGELOG], rootBase({ root, rootThreshold: 2 })),
      ['threshold-lowered'],
    ],
    [
      'of an expiry far off',
      warnings([{ op: 'set-expires', expires: '2028-07-07T00:00:00Z' }, CHANGELOG], rootBase(two)),
      ['expiry-jump'],
    ],
    [
      'of an expiry that comes sooner',
      warnings([{ op: 'set-expires', expires: '2027-05-31T00:00:00Z' }, CHANGELOG], rootBase(two)),
      ['expiry-shortened'],
    ],
    [
      'of a key without an owner',
      warnings([{ op: 'add-key', role: 'targets', new: newKey(spare[0]), owner: null }, CHANGELOG], rootBase(two)),
      ['key-without-owner'],
    ],
  ])('%s', (_, found, kinds) => {
    expect(found).toEqual(kinds);
  });

  test('of documents that are adopted', () => {
    const stranger = targetsDocument('stranger', [online]);
    const base = rootBase({ ...two, targets: [] });
    const changes = chooseReSigned([addKey('targets', spare[0]), CHANGELOG], base, [stranger], { adopts: () => true });
    expect(warnings(changes, base, [stranger])).toEqual(['documents-adopted']);
  });

  test('of members that fioctl drops', () => {
    const base = rootBase(two);
    const more = (signed: RootBase['ci']): RootBase['ci'] =>
      rewriteRoot(signed, (text) => text.replace('{"_type"', '{"x-new":1,"_type"'));
    expect(warnings([CHANGELOG], { ...base, ci: more(base.ci), production: more(base.production) })).toEqual([
      'members-dropped',
    ]);
  });

  test('and tells the production threshold that comes with the first owned root', () => {
    const summary = describeUpdate([replaceKey('root', root[0], spare[0]), CHANGELOG], rootBase({ version: 2 }));
    expect(summary.thresholds).toEqual([{ role: 'targets', repository: 'production', was: 1, threshold: 2, keys: 1 }]);
  });
});
