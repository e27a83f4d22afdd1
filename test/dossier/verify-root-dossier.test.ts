import { describe, expect, test } from '@jest/globals';
import { requireApproved, requireKind, verifyDossier } from '../../src/dossier/index.js';
import { tufKey } from '../support/tuf-key.js';
import { CHANGELOG, KEYS, addKey, removeKey, replaceKey, targetsDocument } from '../support/root-base.js';
import { createRootFixture, type RootDossierOptions, type RootFixture } from '../support/root-fixture.js';

const [first, second, third] = KEYS.root;
const [targets, otherTargets] = KEYS.targets;
const [spare] = KEYS.spare;

async function verify(fixture: RootFixture, options: RootDossierOptions) {
  return requireKind(await verifyDossier(await fixture.dossier(options), fixture.pins, fixture.now), 'root');
}

describe('the dossier of a root update in which all is right', () => {
  test('verifies when it rotates the targets key, and says what was approved, by whom, and what is signed again', async () => {
    const fixture = createRootFixture();
    const update = await fixture.update([replaceKey('targets', targets, spare), CHANGELOG]);
    const verified = await verify(fixture, { update });
    requireApproved(verified);
    expect(verified).toMatchObject({
      kind: 'root',
      statement: update.statement,
      quorum: { persons: ['alice', 'bob'], missing: 0 },
      summary: { previousVersion: 3, version: 4, documents: [{ tag: 'production', adopted: null }] },
      base: { documents: [{ tag: 'production', wave: null, version: 42 }] },
      onlineTargetsKeyids: { before: KEYS.online.keyid, after: KEYS.online.keyid },
      next: { production: { version: 4 } },
      externals: [],
      missingSigners: [],
    });
    expect(verified.documents.map(({ entry }) => [entry.role, entry.repository, entry.sign])).toEqual([
      ['root', 'ci', [first.keyid]],
      ['root', 'production', [first.keyid]],
      ['targets', 'production', [spare.keyid]],
    ]);
  });
});
void third;
void otherTargets;
void removeKey;
void addKey;
void tufKey;
void targetsDocument;
