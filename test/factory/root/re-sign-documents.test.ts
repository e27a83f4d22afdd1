import { describe, expect, test } from '@jest/globals';
import {
  chooseReSigned,
  reSignDocuments,
  type ReSignOptions,
  type RootBase,
  type RootChange,
  type TargetsDocument,
} from '../../../src/factory/index.js';
import { placeOf } from '../../support/error-code.js';
import {
  addKey,
  CHANGELOG,
  KEYS,
  newKey,
  removeKey,
  replaceKey,
  rootBase,
  targetsDocument,
} from '../../support/root-base.js';
import type { TufKey } from '../../support/tuf-key.js';

const { online, targets, spare } = KEYS;
const ids = (keys: readonly TufKey[]): string[] => keys.map(({ keyid }) => keyid).sort();
const rotation = [replaceKey('targets', targets[0], spare[0]), CHANGELOG];
const reSign = (sign: readonly TufKey[], tags: string[], waves: string[] = []): RootChange => ({
  op: 're-sign',
  sign: ids(sign),
  tags,
  waves,
});
const adopt = ({ tag, wave, metadata }: TargetsDocument, sign: readonly TufKey[]): RootChange => ({
  op: 'adopt',
  sign: ids(sign),
  tag,
  wave,
  version: metadata.signed.version,
  sha256: metadata.sha256,
});
const signing = (changes: readonly RootChange[], documents: Iterable<TargetsDocument>, base: RootBase = rootBase()) =>
  Array.from(reSignDocuments(changes, base, documents), ({ tag, wave, sign, adopted }) => ({
    tag,
    wave,
    sign,
    adopted,
  }));

const published = targetsDocument('production', [online, targets[0]]);
const stranger = targetsDocument('stranger', [online]);
const wave = targetsDocument('production', [online, targets[0]], { wave: 'w1', version: 43 });
const threeOfThree = rootBase({ targets: [targets[0], targets[1]], productionThreshold: 3 });

describe('reSignDocuments', () => {
  test('gives the documents to sign byte for byte as they are', () => {
    const [document] = reSignDocuments([...rotation, reSign([spare[0]], ['production'])], rootBase(), [published]);
    expect(document?.signedBytes.toString()).toBe(published.metadata.signedBytes.toString());
    expect(document).toMatchObject({ sha256: published.metadata.sha256, sign: ids([spare[0]]), adopted: false });
  });

  test('signs Wave targets too when a key is added while the Wave is active', () => {
    const changes = [addKey('targets', spare[0]), CHANGELOG, reSign([spare[0]], ['production'], ['w1'])];
    expect(signing(changes, [published, wave]).map((document) => document.wave)).toEqual([null, 'w1']);
  });

  test('signs what nobody has signed only when it is adopted, and names it as such', () => {
    const first = [addKey('targets', spare[0]), CHANGELOG];
    const base = rootBase({ targets: [] });
    expect(signing([...first, adopt(stranger, [spare[0]])], [stranger], base)).toEqual([
      { tag: 'stranger', wave: null, sign: ids([spare[0]]), adopted: true },
    ]);
  });

  test('needs no documents: a new Factory has none', () => {
    expect(signing([addKey('targets', spare[0]), CHANGELOG], [], rootBase({ version: 2 }))).toEqual([]);
  });

  test('leaves documents alone that nobody could sign before and nobody can sign after', () => {
    const change = replaceKey('root', KEYS.root[0], spare[0]);
    expect(signing([change, CHANGELOG], [stranger], rootBase({ targets: [] }))).toEqual([]);
  });

  test('holds one document at a time', () => {
    let open = 0;
    let most = 0;
    function* many(): Generator<TargetsDocument> {
      for (let index = 0; index < 50; index++) {
        open += 1;
        most = Math.max(most, open);
        yield { ...published, tag: `t${index}` };
        open -= 1;
      }
    }
    const tags = Array.from({ length: 50 }, (_, index) => `t${index}`).sort();
    expect(signing([...rotation, reSign([spare[0]], tags)], many())).toHaveLength(50);
    expect(most).toBe(1);
  });

  test.each<[string, readonly RootChange[], readonly TargetsDocument[], string, RootBase?]>([
    [
      'a signature for a document that no offline key in force has signed',
      [...rotation, reSign([spare[0]], ['production', 'stranger'])],
      [published, stranger],
      'RE_SIGN_NOT_SIGNED',
    ],
    [
      'a signature for a document whose offline signature does not hold',
      [...rotation, reSign([spare[0]], ['production'])],
      [
        {
          ...published,
          metadata: {
            ...published.metadata,
            signatures: targetsDocument('other', [online, targets[0]]).metadata.signatures,
          },
        },
      ],
      'RE_SIGN_NOT_SIGNED',
    ],
    ['to adopt what is signed', [...rotation, adopt(published, [spare[0]])], [published], 'RE_SIGN_NEEDLESS'],
    [
      'a second signature of the same key',
      [addKey('targets', spare[0]), CHANGELOG, reSign([targets[0]], ['production'])],
      [published],
      'RE_SIGN_NEEDLESS',
    ],
    [
      'to adopt another document than was read',
      [addKey('targets', spare[0]), CHANGELOG, adopt(targetsDocument('stranger', [], { version: 7 }), [spare[0]])],
      [stranger],
      'ADOPTED_DOCUMENT_MISMATCH',
      rootBase({ targets: [] }),
    ],
    ['to leave a document without signatures', rotation, [published], 'RE_SIGN_MISSING'],
    [
      'to remove the key that a document needs',
      [removeKey('targets', targets[0]), CHANGELOG],
      [published],
      'RE_SIGN_MISSING',
    ],
    [
      'one signature where the threshold asks for two',
      [
        replaceKey('targets', targets[0], spare[0]),
        replaceKey('targets', targets[1], spare[1]),
        CHANGELOG,
        reSign([spare[0]], ['production']),
      ],
      [targetsDocument('production', [online, targets[0], targets[1]])],
      'RE_SIGN_MISSING',
      threeOfThree,
    ],
    [
      'a document that is not there',
      [...rotation, reSign([spare[0]], ['ghost', 'production'])],
      [published],
      'RE_SIGN_DOCUMENT_UNKNOWN',
    ],
    ['a document twice', [...rotation, reSign([spare[0]], ['production'])], [published, published], 'INPUT_INVALID'],
    [
      'a signature of the online key',
      [addKey('targets', spare[0]), CHANGELOG, reSign([online], ['production'])],
      [published],
      'SIGN_KEY_ONLINE',
    ],
    [
      'a signature of the key that goes',
      [...rotation, reSign([targets[0]], ['production'])],
      [published],
      'SIGN_KEY_NOT_IN_ROLE',
    ],
    [
      'to replace a targets key while a Wave is active',
      [...rotation, reSign([spare[0]], ['production'], ['w1'])],
      [published, wave],
      'ROOT_WAVE_ACTIVE',
    ],
    [
      'to remove a targets key while a Wave is active',
      [removeKey('targets', targets[1]), CHANGELOG],
      [published, wave],
      'ROOT_WAVE_ACTIVE',
      rootBase({ targets: [targets[0], targets[1]] }),
    ],
    [
      'to replace an online key while a Wave is active',
      [{ op: 'replace-online-key', role: 'targets', old: online.keyid, new: newKey(spare[0]) }, CHANGELOG],
      [published, wave],
      'ROOT_WAVE_ACTIVE',
    ],
  ])('refuses %s', (_, changes, documents, code, base = rootBase()) => {
    expect(placeOf(() => signing(changes, documents, base))).toBe(`${code} (no pointer)`);
  });
});

describe('chooseReSigned', () => {
  const choose = (
    changes: readonly RootChange[],
    documents: readonly TargetsDocument[],
    base: RootBase = rootBase(),
    options: ReSignOptions = {},
  ): RootChange[] => {
    const chosen = chooseReSigned(changes, base, documents, options);
    signing(chosen, documents, base);
    return chosen.slice(changes.length);
  };

  test('has all that the old key had signed signed by the new one', () => {
    const other = targetsDocument('other', [online, targets[0]]);
    expect(choose(rotation, [published, other])).toEqual([reSign([spare[0]], ['other', 'production'])]);
  });

  test('has nothing signed when a key is added or a root key replaced', () => {
    expect(choose([addKey('targets', spare[0]), CHANGELOG], [published, wave])).toEqual([]);
    expect(choose([replaceKey('root', KEYS.root[0], spare[0]), CHANGELOG], [published, wave])).toEqual([]);
  });

  test('has documents signed besides by keys that are asked for', () => {
    const changes = [addKey('targets', spare[0]), CHANGELOG];
    expect(choose(changes, [published, wave], rootBase(), { also: [spare[0].keyid] })).toEqual([
      reSign([spare[0]], ['production'], ['w1']),
    ]);
  });

  test('fills up to a raised threshold, with new keys first', () => {
    const changes: RootChange[] = [
      addKey('targets', spare[0]),
      { op: 'set-threshold', role: 'targets', repository: 'production', threshold: 3 },
      CHANGELOG,
    ];
    expect(choose(changes, [published])).toEqual([reSign([spare[0]], ['production'])]);
  });

  test('fills up with keys whose token is there before others that stay', () => {
    const base = rootBase({ targets: [...targets] });
    const changes = [removeKey('targets', targets[0]), CHANGELOG];
    expect(choose(changes, [published], base)).toEqual([reSign([targets[1]], ['production'])]);
    const here = [targets[2].keyid];
    expect(choose(changes, [published], base, { here })).toEqual([reSign([targets[2]], ['production'])]);
  });

  test('adopts only what it is told to adopt', () => {
    const changes = [addKey('targets', spare[0]), CHANGELOG];
    const base = rootBase({ targets: [] });
    expect(placeOf(() => choose(changes, [stranger], base))).toBe('RE_SIGN_NOT_SIGNED (no pointer)');
    expect(choose(changes, [stranger], base, { adopts: ({ tag }) => tag === 'stranger' })).toEqual([
      adopt(stranger, [spare[0]]),
    ]);
  });
});
