import { describe, expect, test } from '@jest/globals';
import { describeBaseTargets, readBaseTargets, type BaseTargets } from '../../src/dossier/base-targets.js';
import { parseTargets, type RootMetadata } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { metadataText } from '../support/factory-fixture.js';
import { KEYS, targetsDocument } from '../support/root-base.js';
import { createRootFixture } from '../support/root-fixture.js';

const [targets, otherTargets] = KEYS.targets;
const { online } = KEYS;
const document = targetsDocument('main', [targets, online], { entries: 3 });
const text = metadataText(document.metadata);
const name = { tag: 'main', wave: null };

function productionRoot(offline = targets): RootMetadata {
  const root = createRootFixture({ targets: [offline] }).roots.production.at(-1);
  if (root === undefined) throw new Error('there is no root');
  return root;
}

function plain({ signedBytes, metadata, ...facts }: BaseTargets): unknown {
  const { signed, sha256 } = metadata();
  return { ...facts, signed, ofMetadata: sha256, bytes: signedBytes().toString('latin1') };
}

describe('a base document that was read before', () => {
  const root = productionRoot();
  const first = plain(readBaseTargets({ ...name, text }, root));

  test('is what it is without having been read before, and what it is when it is parsed', () => {
    expect(plain(readBaseTargets({ ...name, text }, root))).toEqual(first);
    expect(plain(describeBaseTargets(document, root.signed))).toEqual(first);
    expect(first).toMatchObject({ signedBy: [targets.keyid, online.keyid], isSignedByEnough: true, isOfTag: true });
  });

  test('is another one when a byte of it is', () => {
    const { sig } = document.metadata.signatures[0] ?? { sig: '' };
    const forged = text.replace(sig, `${sig.startsWith('A') ? 'B' : 'A'}${sig.slice(1)}`);
    expect(plain(readBaseTargets({ ...name, text: forged }, root))).toMatchObject({
      signedBy: [online.keyid],
      isSignedByEnough: false,
    });
    const changed = text.replace('"version":42', '"version":43');
    expect(plain(readBaseTargets({ ...name, text: changed }, root))).toMatchObject({ version: 43, signedBy: [] });
  });

  test('is judged anew for another tag and under another root', () => {
    expect(readBaseTargets({ ...name, tag: 'devel', text }, root)).toMatchObject({ tag: 'devel', isOfTag: false });
    expect(readBaseTargets({ ...name, text }, productionRoot(otherTargets))).toMatchObject({
      signedBy: [online.keyid],
      isSignedByEnough: false,
    });
  });

  test('keeps its bytes in canonical form, also where its text is none', () => {
    for (const loose of [` ${text}`, `${text}\n`, JSON.stringify(JSON.parse(text), null, 1)]) {
      for (let time = 0; time < 2; time += 1) {
        expect(readBaseTargets({ ...name, text: loose }, root).signedBytes()).toEqual(document.metadata.signedBytes);
      }
    }
  });

  test('is refused each time if it is', () => {
    for (let time = 0; time < 2; time += 1) {
      expect(codeOf(() => readBaseTargets({ ...name, text: text.slice(1) }, root))).toBe('JSON_INVALID');
      const twice = metadataText({
        ...document.metadata,
        signatures: [...document.metadata.signatures, ...document.metadata.signatures],
      });
      expect(codeOf(() => readBaseTargets({ ...name, text: twice }, root))).toBe('SIGNATURE_DUPLICATE_KEYID');
    }
    expect(parseTargets(Buffer.from(text)).sha256).toBe(document.metadata.sha256);
  });
});
