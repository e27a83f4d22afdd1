import { describe, expect, test } from '@jest/globals';
import { readRootChanges, writeRootChanges, type RootChange } from '../../../src/factory/index.js';
import { encodeText, parseText } from '../../../src/tuf/index.js';
import { placeOf } from '../../support/error-code.js';
import { addKey, CHANGELOG, KEYS, newKey, removeKey, replaceKey } from '../../support/root-base.js';
import { tufKey } from '../../support/tuf-key.js';

const { online, root, spare, targets } = KEYS;
const expires: RootChange = { op: 'set-expires', expires: '2028-01-01T00:00:00Z' };
const every: RootChange[] = [
  { op: 'replace-online-key', role: 'targets', old: online.keyid, new: newKey(spare[3]) },
  replaceKey('root', root[0], spare[0]),
  removeKey('targets', targets[0]),
  addKey('root', spare[1]),
  { op: 'set-threshold', role: 'root', repository: 'both', threshold: 2 },
  { op: 'set-threshold', role: 'targets', repository: 'production', threshold: 3 },
  expires,
  CHANGELOG,
  { op: 're-sign', sign: [spare[2].keyid], tags: ['a', 'b'], waves: ['w'] },
  { op: 'adopt', sign: [spare[2].keyid], tag: 'c', wave: null, version: 1, sha256: 'ab'.repeat(32) },
];
const place = (...changes: readonly unknown[]): string =>
  placeOf(() => readRootChanges(changes as readonly RootChange[]));

describe('readRootChanges and writeRootChanges', () => {
  test('are each other’s inverse', () => {
    expect(writeRootChanges(readRootChanges(every))).toEqual(every);
  });

  test('take what can stand in a statement, RSA keys too', () => {
    const changes = [addKey('root', tufKey('RSA')), CHANGELOG];
    expect(parseText(encodeText(changes))).toEqual(changes);
  });

  test.each<[string, readonly unknown[], string]>([
    ['two in the wrong order', [expires, addKey('root', spare[0]), CHANGELOG], '/1'],
    ['roles in the wrong order', [addKey('targets', spare[0]), addKey('root', spare[1]), CHANGELOG], '/1'],
    ['keys after the changelog', [CHANGELOG, removeKey('root', root[0])], '/1'],
    ['an expiry twice', [expires, expires, CHANGELOG], '/1'],
    ['a changelog twice', [expires, CHANGELOG, CHANGELOG], '/2'],
    [
      'a key removed and another added instead of replaced',
      [removeKey('root', root[0]), addKey('root', spare[0]), CHANGELOG],
      '/1',
    ],
    ['a member more', [expires, { ...CHANGELOG, more: 1 }], '/1'],
    ['documents to sign that are none', [CHANGELOG, { ...every[8], tags: [], waves: [] }], '/1'],
    ['an unknown op', [expires, { op: 'drop-everything' }], '/1/op'],
  ])('refuse %s', (_, changes, pointer) => {
    expect(place(...changes)).toBe(`INPUT_INVALID /changes${pointer}`);
  });

  test.each<[string, unknown, string]>([
    ['documents out of order', { ...every[8], tags: ['b', 'a'] }, 'tags'],
    ['a document twice', { ...every[8], tags: ['a', 'a'] }, 'tags'],
    ['no key to sign with', { ...every[8], sign: [] }, 'sign'],
    ['a tag that walks up a path', { ...every[9], tag: '..' }, 'tag'],
    ['a key in lax base64', { ...addKey('root', spare[0]), new: { keyid: 'k', spkiBase64: 'AB=' } }, 'new/spkiBase64'],
    ['a time as Go does not write it', { ...CHANGELOG, timestamp: '2026-11-22T16:00:00.10Z' }, 'timestamp'],
    ['a time zone of nothing', { ...CHANGELOG, timestamp: '2026-11-22T16:00:00+00:00' }, 'timestamp'],
    ['a message of two lines', { ...CHANGELOG, message: 'a\nb' }, 'message'],
    ['a message that verifiers would not agree on', { ...CHANGELOG, message: 'a <b>' }, 'message'],
  ])('refuse %s', (_, change, member) => {
    expect(place(change)).toBe(`INPUT_INVALID /changes/0/${member}`);
  });
});
