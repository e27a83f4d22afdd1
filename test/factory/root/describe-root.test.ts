import { expect, test } from '@jest/globals';
import { describeRoot } from '../../../src/factory/index.js';
import { encodeCanonical, parseRoot, serializeMetadata } from '../../../src/tuf/index.js';
import { KEYS, OWNER, rootBase } from '../../support/root-base.js';

const rootOf = (version: number) =>
  parseRoot(serializeMetadata({ signatures: [], signedBytes: encodeCanonical(rootBase({ version }).ci) }));

test('a root is told with its changelog, its roles, and each key’s roles and owner', () => {
  const root = rootOf(4);
  const description = describeRoot(root);
  expect(description).toMatchObject({ version: 4, sha256: root.sha256, changelog: { message: 'Before' } });
  expect(description.roles['root']).toEqual({ keyids: [KEYS.root[0].keyid], threshold: 1 });
  const keys = new Map(description.keys.map((key) => [key.keyid, key]));
  expect(keys.get(KEYS.targets[0].keyid)).toMatchObject({ roles: ['targets'], owner: OWNER });
  expect(keys.get(KEYS.online.keyid)).toMatchObject({ roles: ['targets'], owner: null });
});

test('a root that the Factory made by itself has neither changelog nor owners', () => {
  const { changelog, keys } = describeRoot(rootOf(2));
  expect(changelog).toBeNull();
  expect(keys.every(({ owner }) => owner === null)).toBe(true);
});
