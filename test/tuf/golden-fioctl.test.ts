/** What fioctl and a Factory said to each other: every root and every targets document in the recordings. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  encodeCanonical,
  type Key,
  keyidOf,
  type Metadata,
  parseRoot,
  parseTargets,
  type RootMetadata,
  type Signed,
  type TargetsMetadata,
  verifyRootChain,
  verifySignature,
  verifyTargets,
} from '../../src/tuf/index.js';
import { describeGolden, goldenPath } from './golden.js';

interface Documents {
  readonly roots: RootMetadata[];
  readonly targets: TargetsMetadata[];
}

/** All metadata in a story, wherever it stands: objects, and JSON in strings. */
function documentsOf(story: string): Documents {
  const found: Documents = { roots: [], targets: [] };
  const directory = goldenPath(`fioctl/${story}`);
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
    collect(JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')), found);
  }
  return found;
}

function collect(value: unknown, found: Documents): void {
  if (typeof value === 'string' && value.startsWith('{"signatures"')) collect(JSON.parse(value), found);
  if (typeof value !== 'object' || value === null) return;
  const type = 'signed' in value && 'signatures' in value ? typeOf(value.signed) : undefined;
  if (type === 'Root') found.roots.push(parseRoot(encodeCanonical(value)));
  else if (type === 'Targets') found.targets.push(parseTargets(encodeCanonical(value)));
  else for (const member of Object.values(value)) collect(member, found);
}

function typeOf(signed: unknown): unknown {
  return typeof signed === 'object' && signed !== null && '_type' in signed ? signed._type : undefined;
}

/** The roots that a command downloaded from 1 on. */
function downloadedRoots(file: string): RootMetadata[] {
  const found: Documents = { roots: [], targets: [] };
  collect(JSON.parse(readFileSync(goldenPath(`fioctl/${file}`), 'utf8')), found);
  return found.roots;
}

describeGolden('fioctl', 'recorded exchanges of fioctl', () => {
  test.each([
    ['A', 40, 15],
    ['B', 60, 2],
  ])('story %s: every signature of every document verifies', (story, leastRoots, leastTargets) => {
    const { roots, targets } = documentsOf(story);
    expect(roots.length).toBeGreaterThanOrEqual(leastRoots);
    expect(targets.length).toBeGreaterThanOrEqual(leastTargets);
    const keys = new Map<string, Key>(roots.flatMap(({ signed }) => Object.entries(signed.keys)));
    const failures: string[] = [];
    const documents: Metadata<Signed>[] = [...roots, ...targets];
    for (const { signatures, signedBytes, signed } of documents) {
      for (const signature of signatures) {
        const key = keys.get(signature.keyid);
        if (key === undefined) failures.push(`${signed._type} ${signed.version}: no key ${signature.keyid}`);
        else verifySignature(key, signature, signedBytes);
      }
    }
    expect(failures).toEqual([]);
  });

  test.each([
    ['A/40-keys-tuf-download-roots.json', 8],
    ['B/57-keys-tuf-download-roots.json', 7],
  ])('%s: the downloaded chain verifies', (file, last) => {
    const roots = downloadedRoots(file);
    const now = new Date('2026-11-22T17:00:00Z');
    expect(verifyRootChain(roots, { trustedSha256: roots[0]?.sha256, now }).signed.version).toBe(last);
  });

  test('the keyids of these Factories are the digests of their keys', () => {
    for (const { signed } of downloadedRoots('A/40-keys-tuf-download-roots.json')) {
      for (const [keyid, key] of Object.entries(signed.keys)) expect(keyidOf(key)).toBe(keyid);
    }
  });

  test('production targets with both signatures verify under a production root of their time', () => {
    const { roots, targets } = documentsOf('A');
    const production = roots.filter(({ signed }) => signed.roles['targets']?.threshold === 2);
    const complete = targets.filter(({ signatures }) => signatures.length === 2);
    expect(complete.length).toBeGreaterThan(0);
    for (const document of complete) {
      const verifiesUnder = production.filter((root) => {
        try {
          return verifyTargets(root, document).missing === 0;
        } catch {
          return false;
        }
      });
      expect(verifiesUnder.length).toBeGreaterThan(0);
    }
  });
});
