import { beforeEach, describe, expect, test } from '@jest/globals';
import { verifyDossier } from '../../src/dossier/index.js';
import { createFixture, type DossierOptions, type Fixture } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const ZEROS = '0'.repeat(64);

let fixture: Fixture;

beforeEach(async () => {
  fixture = createFixture();
  await verify();
});

async function verify(options: DossierOptions = {}, pins = fixture.pins, now = fixture.now) {
  return await verifyDossier(fixture.dossier({ wave: fixture.wave(), ...options }), pins, now);
}

describe('a dossier that was verified before', () => {
  test('is read as it was', async () => {
    const [first, second] = [await verify(), await verify()];
    expect(second).toEqual(first);
  });

  test('has its approvals counted anew', async () => {
    expect((await verify({ approvals: ['bob', 'carol'] })).quorum.persons).toEqual(['bob', 'carol']);
    expect((await verify({ approvals: [] })).quorum).toMatchObject({ persons: [], missing: 2 });
    expect((await verify({ rejections: [{ person: 'carol', reason: 'no' }] })).rejections).toHaveLength(1);
  });

  test('expires all the same', async () => {
    const later = new Date(fixture.now.getTime() + 2 * DAY_MS);
    expect(await rejectionOf(verify({}, fixture.pins, later))).toMatch(/^STATEMENT_EXPIRED /);
  });

  test('counts for nothing under other pins', async () => {
    const { pins, factory } = fixture;
    expect(await rejectionOf(verify({}, { ...pins, policySha256: ZEROS }))).toMatch(/^POLICY_NOT_PINNED /);
    const otherRoot = { ...pins, firstRootSha256: { [factory]: ZEROS } };
    expect(await rejectionOf(verify({}, otherRoot))).toMatch(/^ROOT_NOT_TRUSTED /);
    expect(await rejectionOf(verify({}, { ...pins, firstRootSha256: {} }))).toMatch(/^PINS_MISSING /);
  });

  test.each<[string, NonNullable<DossierOptions['parts']>, string]>([
    ['document', (parts) => ({ ...parts, documents: [`${parts.documents[0] ?? ''} `] }), 'CHANGES_DO_NOT_REPRODUCE'],
    ['base', (parts) => ({ ...parts, productionTargets: null }), 'STATEMENT_BASE_MISMATCH'],
    [
      'tag of the base',
      ({ productionTargets, ...parts }) => ({
        ...parts,
        productionTargets: productionTargets && { ...productionTargets, tag: 'devel' },
      }),
      'STATEMENT_BASE_MISMATCH',
    ],
    [
      'root chain',
      (parts) => ({ ...parts, roots: { ...parts.roots, production: parts.roots.ci } }),
      'ROOT_NOT_TRUSTED',
    ],
  ])('is refused when its %s is another one now', async (_, parts, code) => {
    expect(await rejectionOf(verify({ parts }))).toMatch(code);
  });
});
