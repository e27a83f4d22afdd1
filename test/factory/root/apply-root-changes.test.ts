import { describe, expect, test } from '@jest/globals';
import { applyRootChanges, requireRootSigners, type RootBase, type RootChange } from '../../../src/factory/index.js';
import { keyidOf, parseRoot, serializeMetadata, verifyRootChain, type Root } from '../../../src/tuf/index.js';
import { codeOf, placeOf } from '../../support/error-code.js';
import {
  addKey,
  CHANGELOG,
  KEYS,
  newKey,
  OWNER,
  removeKey,
  replaceKey,
  rewriteRoot,
  rootBase,
} from '../../support/root-base.js';
import { tufKey, type TufKey } from '../../support/tuf-key.js';

const { online, root, targets, spare } = KEYS;
const apply = (changes: readonly RootChange[], base: RootBase = rootBase()): { ci: Root; production: Root } => {
  const { ci, production } = applyRootChanges(changes, base);
  const read = (bytes: Buffer): Root => parseRoot(serializeMetadata({ signatures: [], signedBytes: bytes })).signed;
  return { ci: read(ci), production: read(production) };
};
const setThreshold = (role: 'root' | 'targets', threshold: number): RootChange =>
  role === 'root'
    ? { op: 'set-threshold', role, repository: 'both', threshold }
    : { op: 'set-threshold', role, repository: 'production', threshold };
const ids = (keys: readonly TufKey[]): string[] => keys.map(({ keyid }) => keyid);

describe('applyRootChanges', () => {
  test('counts the version one up, writes the changelog, and leaves all else as it was', () => {
    const base = rootBase();
    const { ci, production } = apply([CHANGELOG], base);
    const changelog = {
      'polis-id': OWNER.polisId,
      message: 'Rotate keys',
      timestamp: '2026-11-22T16:00:00.445163743Z',
    };
    expect(ci).toEqual({ ...base.ci, version: 5, 'x-changelog': changelog });
    expect(production).toEqual({ ...base.production, version: 5, 'x-changelog': changelog });
  });

  test('replaces a key: the new one last in its role, with its owner; the old one gone with its owner', () => {
    const base = rootBase({ root: [root[0], root[1]] });
    const { ci } = apply([replaceKey('root', root[0], spare[0]), CHANGELOG], base);
    expect(ci.roles['root']).toEqual({ keyids: ids([root[1], spare[0]]), threshold: 1 });
    expect(ci.keys[spare[0].keyid]).toEqual(spare[0].key);
    expect(ci.keys).not.toHaveProperty(root[0].keyid);
    expect(ci['x-key-owners']).toHaveProperty(spare[0].keyid, {
      'polis-id': OWNER.polisId,
      'created-at': OWNER.createdAt,
    });
    expect(ci['x-key-owners']).not.toHaveProperty(root[0].keyid);
  });

  test('leaves x-key-owners out when nobody is named in it any more', () => {
    const base = rootBase({ version: 2 });
    const { ci } = apply([{ op: 'add-key', role: 'targets', new: newKey(spare[0]), owner: null }, CHANGELOG], base);
    expect(ci).not.toHaveProperty('x-key-owners');
  });

  test('takes RSA keys as devices want them: PEM that ends in a line feed', () => {
    const rsa = tufKey('RSA');
    const { ci } = apply([addKey('root', rsa), CHANGELOG]);
    expect(ci.keys[rsa.keyid]).toEqual(rsa.key);
    expect(rsa.key.keyval.public.endsWith('-----END PUBLIC KEY-----\n')).toBe(true);
  });

  test('takes keyids as they are: one of older rules can be replaced, and a new one need not be a digest', () => {
    const base = rootBase();
    const rename = (signed: Root): Root =>
      rewriteRoot(signed, (text) => text.replaceAll(root[0].keyid, 'older-rule:1'));
    const renamed = { ...base, ci: rename(base.ci), production: rename(base.production) };
    const change: RootChange = {
      op: 'replace-key',
      role: 'root',
      old: 'older-rule:1',
      new: { ...newKey(spare[0]), keyid: 'rule-to-come' },
      owner: OWNER,
    };
    expect(apply([change, CHANGELOG], renamed).ci.roles['root']?.keyids).toEqual(['rule-to-come']);
    expect(keyidOf(spare[0].key)).not.toBe('rule-to-come');
  });

  test('lets the Factory’s new online key stand where the old one stood', () => {
    const change: RootChange = { op: 'replace-online-key', role: 'targets', old: online.keyid, new: newKey(spare[0]) };
    const { ci } = apply([change, CHANGELOG]);
    expect(ci.roles['targets']?.keyids).toEqual(ids([spare[0], targets[0]]));
    expect(ci['x-key-owners']).not.toHaveProperty(spare[0].keyid);
  });

  test('drops what fioctl does not know, at every level', () => {
    const base = rootBase();
    const add = (signed: Root): Root =>
      rewriteRoot(signed, (text) =>
        text.replaceAll('{"keytype"', '{"scheme":"x","keytype"').replace('{"_type"', '{"x-new":1,"_type"'),
      );
    const { ci } = apply([CHANGELOG], { ...base, ci: add(base.ci), production: add(base.production) });
    expect(ci).not.toHaveProperty('x-new');
    expect(JSON.stringify(ci)).not.toContain('scheme');
  });

  test('makes production targets need two signatures with the first owned root, and keeps a threshold above it', () => {
    const first = apply([replaceKey('root', root[0], spare[0]), CHANGELOG], rootBase({ version: 2 }));
    expect([first.ci.roles['targets']?.threshold, first.production.roles['targets']?.threshold]).toEqual([1, 2]);
    const base = rootBase({ targets: [targets[0], targets[1]], productionThreshold: 3 });
    expect(apply([CHANGELOG], base).production.roles['targets']?.threshold).toBe(3);
  });

  test.each<[string, readonly RootChange[], RootBase, string]>([
    ['root version 2', [CHANGELOG], rootBase({ version: 1 }), 'ROOT_VERSION_INVALID /signed/version'],
    ['no changelog', [addKey('root', spare[0])], rootBase(), 'ROOT_CHANGELOG_MISSING /changes'],
    [
      'a time that is none',
      [{ op: 'set-expires', expires: '2027-02-30T00:00:00Z' }, CHANGELOG],
      rootBase(),
      'ROOT_EXPIRES_INVALID /changes/0/expires',
    ],
    [
      'a root threshold of none',
      [setThreshold('root', 0), CHANGELOG],
      rootBase(),
      'INPUT_INVALID /changes/0/threshold',
    ],
    [
      'a root threshold above the number of keys',
      [setThreshold('root', 2), CHANGELOG],
      rootBase(),
      'ROOT_THRESHOLD_UNREACHABLE /signed/roles/root/threshold',
    ],
    [
      'the last root key removed',
      [removeKey('root', root[0]), CHANGELOG],
      rootBase(),
      'ROOT_THRESHOLD_UNREACHABLE /signed/roles/root/threshold',
    ],
    [
      'more production signatures than there are keys',
      [setThreshold('targets', 3), CHANGELOG],
      rootBase(),
      'ROOT_THRESHOLD_UNREACHABLE /signed/roles/targets/threshold',
    ],
    [
      'one production signature',
      [setThreshold('targets', 1), CHANGELOG],
      rootBase(),
      'ROOT_PRODUCTION_THRESHOLD /signed/roles/targets/threshold',
    ],
    [
      'the online targets key removed',
      [removeKey('targets', online), CHANGELOG],
      rootBase(),
      'ROOT_ONLINE_KEY /signed/roles/targets/keyids',
    ],
    [
      'the online targets key replaced like an offline one',
      [replaceKey('targets', online, spare[0]), CHANGELOG],
      rootBase(),
      'ROOT_ONLINE_KEY /signed/roles/targets/keyids',
    ],
    [
      'an offline targets key replaced like the online one',
      [{ op: 'replace-online-key', role: 'targets', old: targets[0].keyid, new: newKey(spare[0]) }, CHANGELOG],
      rootBase(),
      'ROOT_ONLINE_KEY /signed/roles/targets/keyids',
    ],
    [
      'a key that the role does not have',
      [removeKey('root', targets[0]), CHANGELOG],
      rootBase(),
      'ROOT_KEY_UNKNOWN /signed/roles/root/keyids',
    ],
    [
      'a key that has another role',
      [addKey('targets', root[0]), CHANGELOG],
      rootBase(),
      `ROOT_KEY_REUSED /signed/keys/${root[0].keyid}`,
    ],
    [
      'a key under a second keyid',
      [{ op: 'add-key', role: 'root', new: { ...newKey(online), keyid: 'another' }, owner: OWNER }, CHANGELOG],
      rootBase(),
      'ROOT_KEY_REUSED /signed/keys/another',
    ],
    [
      'a key that just left another role',
      [replaceKey('root', root[0], spare[0]), addKey('targets', root[0]), CHANGELOG],
      rootBase(),
      `ROOT_KEY_REUSED /signed/keys/${root[0].keyid}`,
    ],
    [
      'a CI root for the production root',
      [CHANGELOG],
      { ...rootBase(), production: rootBase().ci },
      'ROOT_NOT_TRUSTED /signed/roles/targets/threshold',
    ],
    [
      'roots that differ in more than the targets threshold',
      [CHANGELOG],
      { ...rootBase(), production: rootBase({ expires: '2027-06-02T00:00:00Z' }).production },
      'ROOTS_DIFFER /signed/expires',
    ],
    [
      'a base whose CI root wants two signatures',
      [CHANGELOG],
      { ...rootBase(), ci: rootBase().production },
      'ROOT_NOT_TRUSTED /signed/roles/targets/threshold',
    ],
    [
      'a first root whose CI threshold is not 1',
      [CHANGELOG],
      (() => {
        const odd = rewriteRoot(rootBase({ version: 2 }).ci, (text) =>
          text.replace(/("targets":\{"keyids":\[[^\]]*\],"threshold":)1/, '$12'),
        );
        return { ci: odd, production: odd, onlineTargetsKeyid: online.keyid };
      })(),
      'ROOT_CI_THRESHOLD /signed/roles/targets/threshold',
    ],
  ])('refuses %s', (_, changes, base, place) => {
    expect(placeOf(() => applyRootChanges(changes, base))).toBe(place);
  });

  test('refuses a key that devices do not accept', () => {
    const change: RootChange = { op: 'add-key', role: 'root', new: { keyid: 'k', spkiBase64: 'AAAA' }, owner: OWNER };
    expect(codeOf(() => applyRootChanges([change, CHANGELOG], rootBase()))).toBe('KEY_INVALID');
  });
});

describe('the keys that sign an update', () => {
  const signersOf = (changes: readonly RootChange[], base: RootBase) =>
    applyRootChanges([...changes, CHANGELOG], base).signers;

  test.each<[string, readonly RootChange[], RootBase, readonly TufKey[]]>([
    ['are the one there is', [], rootBase(), [root[0]]],
    ['are the new one and the old one', [replaceKey('root', root[0], spare[0])], rootBase(), [spare[0], root[0]]],
    ['are the new one and one that stays', [addKey('root', spare[0])], rootBase(), [spare[0], root[0]]],
    [
      'leave out a lost one where the others are enough',
      [replaceKey('root', root[2], spare[0])],
      rootBase({ root, rootThreshold: 2 }),
      [spare[0], root[0], root[1]],
    ],
    [
      'are as many old ones as the old threshold wants',
      [replaceKey('root', root[0], spare[0]), replaceKey('root', root[1], spare[1])],
      rootBase({ root: [root[0], root[1]], rootThreshold: 2 }),
      [spare[0], spare[1], root[0], root[1]],
    ],
  ])('%s', (_, changes, base, keys) => {
    const signers = signersOf(changes, base);
    expect(signers.keyids).toEqual(ids(keys));
    requireRootSigners(signers, signers.keyids);
  });

  test('are not enough without the old threshold, nor without the new one', () => {
    const signers = signersOf([replaceKey('root', root[0], spare[0])], rootBase());
    expect(codeOf(() => requireRootSigners(signers, ids([spare[0]])))).toBe('THRESHOLD_NOT_MET');
    expect(codeOf(() => requireRootSigners(signers, ids([root[0]])))).toBe('THRESHOLD_NOT_MET');
  });

  test('make a chain that a device follows, in both repositories', () => {
    const pool = new Map([...root, ...spare].map((key) => [key.keyid, key]));
    const signed = (bytes: Buffer, keyids: readonly string[]) =>
      parseRoot(
        serializeMetadata({
          signatures: keyids.flatMap((keyid) => pool.get(keyid)?.sign(bytes) ?? []),
          signedBytes: bytes,
        }),
      );
    for (const repository of ['ci', 'production'] as const) {
      let base = rootBase({ version: 2 });
      const first = applyRootChanges([CHANGELOG], base)[repository];
      const chain = [];
      const updates: RootChange[][] = [
        [replaceKey('root', root[0], spare[0])],
        [addKey('targets', targets[0])],
        [addKey('root', spare[1]), addKey('root', spare[2]), setThreshold('root', 2)],
        [replaceKey('root', spare[0], spare[3])],
      ];
      for (const changes of updates) {
        const update = applyRootChanges([...changes, CHANGELOG], base);
        chain.push(signed(update[repository], update.signers.keyids));
        const next = apply([...changes, CHANGELOG], base);
        base = { ...base, ...next };
      }
      expect(first.length).toBeGreaterThan(0);
      const [pinned] = chain;
      expect(verifyRootChain(chain, { trustedSha256: pinned?.sha256 }).signed.version).toBe(6);
    }
  });
});
