import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  applyRootChanges,
  diffRoot,
  readRootChanges,
  type OnlineKeyids,
  type RootBase,
  type RootChange,
} from '../../../src/factory/index.js';
import { encodeCanonical, parseCanonical, type JsonValue, type Root } from '../../../src/tuf/index.js';
import { placeOf } from '../../support/error-code.js';
import {
  addKey,
  CHANGELOG,
  KEYS,
  newKey,
  OWNER,
  readRoot,
  removeKey,
  replaceKey,
  rootBase,
} from '../../support/root-base.js';
import type { TufKey } from '../../support/tuf-key.js';

const { online, root, targets, spare, snapshot } = KEYS;

function proposedOf(changes: readonly RootChange[], base: RootBase): { ci: Root; production: Root } {
  const { ci, production } = applyRootChanges(changes, base);
  return {
    ci: readRoot(parseCanonical(ci).value).signed,
    production: readRoot(parseCanonical(production).value).signed,
  };
}

type Members = Record<string, JsonValue>;

/** What a root would be after an edit of its JSON, the same edit in both repositories. */
function edited(edit: (signed: Members) => void, changes: readonly RootChange[] = [CHANGELOG], base = rootBase()) {
  const { ci, production } = proposedOf(changes, base);
  const change = (signed: Root): Root => {
    const value = parseCanonical(encodeCanonical(signed)).value as Members;
    edit(value);
    return readRoot(value).signed;
  };
  return { ci: change(ci), production: change(production) };
}

const keyAsJson = ({ key }: TufKey): JsonValue => ({ keytype: key.keytype, keyval: { public: key.keyval.public } });
const membersOf = (value: JsonValue | undefined): Members => value as Members;

const replacedOnline = (role: 'targets' | 'snapshot', old: string, key: TufKey): RootChange[] => [
  { op: 'replace-online-key', role, old, new: newKey(key) },
];

describe('diffRoot', () => {
  const full: RootChange[] = [
    replaceKey('root', root[0], spare[0]),
    replaceKey('targets', targets[0], spare[1]),
    addKey('root', spare[2]),
    { op: 'set-threshold', role: 'root', repository: 'both', threshold: 2 },
    { op: 'set-expires', expires: '2028-01-01T00:00:00Z' },
    CHANGELOG,
  ];

  test('reads the changes back that an update was made with', () => {
    expect(diffRoot(rootBase(), proposedOf(full, rootBase()))).toEqual(full);
  });

  test('reads online keys back that the Factory says it made', () => {
    const changes = [
      ...replacedOnline('targets', online.keyid, spare[0]),
      ...replacedOnline('snapshot', snapshot.keyid, spare[1]),
      CHANGELOG,
    ];
    const generated = { targets: spare[0].keyid, snapshot: spare[1].keyid };
    expect(diffRoot(rootBase(), proposedOf(changes, rootBase()), generated)).toEqual(changes);
  });

  test.each<[string, { ci: Root; production: Root }, string, RootBase?]>([
    [
      'a version that is not the next one',
      edited((signed) => (signed['version'] = 6)),
      'ROOT_VERSION_INVALID /signed/version',
    ],
    ['no changelog', edited((signed) => delete signed['x-changelog']), 'ROOT_CHANGELOG_MISSING /signed/x-changelog'],
    [
      'a changelog with a time that Go would write otherwise',
      edited((signed) => (membersOf(signed['x-changelog'])['timestamp'] = '2026-11-22T16:00:00.120Z')),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/x-changelog/timestamp',
    ],
    [
      'a changelog without its author',
      edited((signed) => delete membersOf(signed['x-changelog'])['polis-id']),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/x-changelog/polis-id',
    ],
    [
      'a changelog with one member more',
      edited((signed) => (membersOf(signed['x-changelog'])['x'] = 1)),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/x-changelog/x',
    ],
    [
      'a member that fioctl would drop',
      edited((signed) => (signed['x-new'] = 1)),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/x-new',
    ],
    [
      'another consistent_snapshot',
      edited((signed) => (signed['consistent_snapshot'] = true)),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/consistent_snapshot',
    ],
    [
      'a role more',
      edited((signed) => (membersOf(signed['roles'])['mirrors'] = { keyids: [], threshold: 1 })),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/roles/mirrors',
    ],
    [
      'another threshold of an online role',
      edited((signed) => (membersOf(membersOf(signed['roles'])['snapshot'])['threshold'] = 2)),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/roles/snapshot/threshold',
    ],
    [
      'keys in another order',
      edited(
        (signed) => (membersOf(membersOf(signed['roles'])['targets'])['keyids'] = [targets[0].keyid, online.keyid]),
      ),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/roles/targets/keyids/0',
    ],
    [
      'a key that no role names',
      edited((signed) => (membersOf(signed['keys'])[spare[0].keyid] = keyAsJson(spare[0]))),
      `ROOT_CHANGE_INEXPRESSIBLE /signed/keys/${spare[0].keyid}`,
    ],
    [
      'a role that names a key which is not there',
      edited((signed) => (membersOf(membersOf(signed['roles'])['root'])['keyids'] = [root[0].keyid, 'ghost'])),
      'ROOT_CHANGE_INEXPRESSIBLE /signed/roles/root/keyids/1',
    ],
    [
      'another key under a known keyid',
      edited((signed) => (membersOf(signed['keys'])[targets[0].keyid] = keyAsJson(spare[0]))),
      `ROOT_KEY_CHANGED /signed/keys/${targets[0].keyid}/keyval/public`,
    ],
    [
      'a known key in another encoding',
      edited(
        (signed) =>
          (membersOf(signed['keys'])[targets[0].keyid] = {
            keytype: 'ED25519',
            keyval: { public: targets[0].key.keyval.public.toUpperCase() },
          }),
      ),
      `ROOT_CHANGE_INEXPRESSIBLE /signed/keys/${targets[0].keyid}/keyval/public`,
    ],
    [
      'an owner of a key that has gone',
      edited(
        (signed) =>
          (membersOf(signed['x-key-owners'])[root[0].keyid] = {
            'created-at': '2026-11-22T16:00:00Z',
            'polis-id': '2bd806c97f0e00af1a1fc332',
          }),
        [replaceKey('root', root[0], spare[0]), CHANGELOG],
      ),
      `ROOT_OWNER_STALE /signed/x-key-owners/${root[0].keyid}`,
    ],
    [
      'another owner of a known key',
      edited((signed) => (membersOf(membersOf(signed['x-key-owners'])[root[0].keyid])['polis-id'] = 'x')),
      `ROOT_CHANGE_INEXPRESSIBLE /signed/x-key-owners/${root[0].keyid}/polis-id`,
    ],
    [
      'an owner that is none',
      edited(
        (signed) => (membersOf(signed['x-key-owners'])[spare[0].keyid] = 'me'),
        [addKey('root', spare[0]), CHANGELOG],
      ),
      `ROOT_CHANGE_INEXPRESSIBLE /signed/x-key-owners/${spare[0].keyid}`,
    ],
    [
      'a CI threshold of 2',
      edited((signed) => (membersOf(membersOf(signed['roles'])['targets'])['threshold'] = 2)),
      'ROOT_CI_THRESHOLD /signed/roles/targets/threshold',
    ],
    [
      'a production threshold of 1',
      { ci: proposedOf([CHANGELOG], rootBase()).ci, production: proposedOf([CHANGELOG], rootBase()).ci },
      'ROOT_PRODUCTION_THRESHOLD /signed/roles/targets/threshold',
    ],
    [
      'a root threshold above the number of keys',
      edited((signed) => (membersOf(membersOf(signed['roles'])['root'])['threshold'] = 2)),
      'ROOT_THRESHOLD_UNREACHABLE /signed/roles/root/threshold',
    ],
    [
      'roots that differ in their expiry',
      { ...proposedOf([CHANGELOG], rootBase()), production: proposedOf(full, rootBase()).production },
      'ROOTS_DIFFER /signed/expires',
    ],
    [
      'the online targets key gone',
      edited((signed) => {
        membersOf(membersOf(signed['roles'])['targets'])['keyids'] = [targets[0].keyid];
        Reflect.deleteProperty(membersOf(signed['keys']), online.keyid);
      }),
      'ROOT_ONLINE_KEY /signed/roles/targets/keyids/0',
    ],
    [
      'an online targets key that is not the Factory’s',
      proposedOf([...replacedOnline('targets', online.keyid, spare[0]), CHANGELOG], rootBase()),
      'ROOT_ONLINE_KEY /signed/roles/targets/keyids/0',
    ],
    [
      'an online snapshot key that is not the Factory’s',
      proposedOf([...replacedOnline('snapshot', snapshot.keyid, spare[0]), CHANGELOG], rootBase()),
      'ROOT_ONLINE_KEY /signed/roles/snapshot/keyids/0',
    ],
    [
      'a key that has two roles',
      edited((signed) => (membersOf(membersOf(signed['roles'])['root'])['keyids'] = [root[0].keyid, targets[0].keyid])),
      `ROOT_KEY_REUSED /signed/keys/${targets[0].keyid}`,
    ],
  ])('refuses %s', (_, proposed, place) => {
    expect(placeOf(() => diffRoot(rootBase(), proposed))).toBe(place);
  });

  test('reads keys that come for others in the order in which they stand', () => {
    const base = rootBase({ root, rootThreshold: 1 });
    const split = [replaceKey('root', root[2], spare[0]), replaceKey('root', root[0], spare[1]), CHANGELOG];
    const found = diffRoot(base, proposedOf(split, base));
    expect(found).toEqual([replaceKey('root', root[0], spare[0]), replaceKey('root', root[2], spare[1]), CHANGELOG]);
    expect(applyRootChanges(found, base)).toEqual(applyRootChanges(split, base));
  });
});

const GENERATED: OnlineKeyids = { targets: spare[3].keyid };

const indexes = fc.subarray([0, 1, 2]);

/** A base, and changes to it that are well written and keep to every rule. */
const arbitraryUpdate = fc
  .record({
    version: fc.constantFrom(2, 3, 9),
    before: fc.record({ root: fc.integer({ min: 1, max: 3 }), targets: fc.integer({ min: 0, max: 3 }) }),
    leaving: fc.record({ root: indexes, targets: indexes }),
    coming: fc.record({ root: fc.subarray([0, 1]), targets: fc.subarray([2]) }),
    thresholds: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
    expires: fc.option(fc.constantFrom('2027-01-01T00:00:00Z', '2028-02-29T00:00:00Z')),
    online: fc.boolean(),
    owner: fc.boolean(),
  })
  .map(({ version, before, leaving, coming, thresholds, expires, online: replacesOnline, owner }) => {
    const [rootBefore = 0, rootAfter = 0, productionBefore = 0, productionAfter = 0] = thresholds;
    const keysBefore = {
      root: root.slice(0, before.root),
      targets: version < 3 ? [] : targets.slice(0, before.targets),
    };
    const base = rootBase({
      version,
      ...keysBefore,
      rootThreshold: 1 + (rootBefore % before.root),
      productionThreshold: 2 + (productionBefore % Math.max(1, before.targets)),
    });
    const changed = (['root', 'targets'] as const).map((role) => {
      const went = keysBefore[role].filter((_, index) => leaving[role].includes(index));
      const stay = keysBefore[role].length - went.length;
      const some = coming[role].flatMap((index) => spare[index] ?? []);
      const came = role === 'root' && stay + some.length === 0 ? [spare[0]] : some;
      return { role, went, came, count: stay + came.length };
    });
    const newOwner = owner ? OWNER : null;
    const replaced = changed.flatMap(({ role, went, came }) =>
      went.slice(0, came.length).map((old, index) => replaceKey(role, old, came[index] ?? old, newOwner)),
    );
    const removed = changed.flatMap(({ role, went, came }) =>
      went.slice(came.length).map((old) => removeKey(role, old)),
    );
    const added = changed.flatMap(({ role, went, came }) =>
      came.slice(went.length).map((key) => addKey(role, key, newOwner)),
    );
    const [rootCount = 1, targetsCount = 0] = changed.map(({ count }) => count);
    const changes: RootChange[] = [
      ...(replacesOnline ? replacedOnline('targets', online.keyid, spare[3]) : []),
      ...replaced,
      ...removed,
      ...added,
      { op: 'set-threshold', role: 'root', repository: 'both', threshold: 1 + (rootAfter % rootCount) },
      {
        op: 'set-threshold',
        role: 'targets',
        repository: 'production',
        threshold: 2 + (productionAfter % Math.max(1, targetsCount)),
      },
      ...(expires === null ? [] : [{ op: 'set-expires' as const, expires }]),
      CHANGELOG,
    ];
    return { base, changes };
  });

/** The places of a JSON value: of every member and item in it, at any depth. */
function placesOf(value: JsonValue, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [[...path, name], ...placesOf(member, [...path, name])]);
}

const EDITS = ['delete', 'other', 'type', 'add', 'twice'] as const;

/** One edit of a JSON value at one place. */
function edit(value: JsonValue, path: readonly string[], how: (typeof EDITS)[number]): void {
  const parent = path.slice(0, -1).reduce<JsonValue>((at, name) => (at as Members)[name] ?? null, value) as Members;
  const name = path.at(-1) ?? '';
  const before = parent[name];
  if (how === 'delete' && Array.isArray(parent)) parent.splice(Number(name), 1);
  else if (how === 'delete') Reflect.deleteProperty(parent, name);
  else if (how === 'other' && typeof before === 'string')
    parent[name] = before.replace(/[0-9a-f]/, (c) => (c === '1' ? '2' : '1'));
  else if (how === 'other' && typeof before === 'number') parent[name] = before + 1;
  else if (how === 'other' && typeof before === 'boolean') parent[name] = !before;
  else if (how === 'type') parent[name] = typeof before === 'string' ? [before] : 'text';
  else if (how === 'twice' && Array.isArray(parent)) parent.push(before ?? null);
  else if (typeof before === 'object' && before !== null && !Array.isArray(before)) before['added'] = 1;
}

describe('diffRoot and applyRootChanges', () => {
  test('are each other’s inverse, whatever the base and the changes', () => {
    fc.assert(
      fc.property(arbitraryUpdate, ({ base, changes }) => {
        const made = applyRootChanges(changes, base);
        const found = diffRoot(base, proposedOf(changes, base), GENERATED);
        const again = applyRootChanges(found, base);
        expect(again.ci.toString()).toBe(made.ci.toString());
        expect(again.production.toString()).toBe(made.production.toString());
        expect(readRootChanges(found).keys).toEqual(readRootChanges(changes).keys);
        expect(diffRoot(base, proposedOf(found, base), GENERATED)).toEqual(found);
      }),
      { seed: 20261122, numRuns: 100 },
    );
  });

  test('never pass over an edit of one member: it becomes a change, or it is refused', () => {
    let expressed = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        arbitraryUpdate,
        fc.nat(),
        fc.constantFrom(...EDITS),
        fc.constantFrom('ci', 'production', 'both'),
        ({ base, changes }, at, how, where) => {
          const made = applyRootChanges(changes, base);
          const place = placeOf(() => {
            const read = (repository: 'ci' | 'production'): Root => {
              const { value } = parseCanonical(made[repository]);
              const places = placesOf(value);
              if (where === 'both' || where === repository) edit(value, places[at % places.length] ?? [], how);
              return readRoot(value).signed;
            };
            const proposed = { ci: read('ci'), production: read('production') };
            const found = diffRoot(base, proposed, GENERATED);
            const again = applyRootChanges(found, base);
            expect(again.ci.toString()).toBe(encodeCanonical(proposed.ci).toString());
            expect(again.production.toString()).toBe(encodeCanonical(proposed.production).toString());
            expressed += 1;
          });
          if (place !== 'NOTHING_THROWN') refused += 1;
        },
      ),
      { seed: 20261122, numRuns: 300 },
    );
    expect(expressed).toBeGreaterThan(15);
    expect(refused).toBeGreaterThan(150);
  });
});
