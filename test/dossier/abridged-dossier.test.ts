import { beforeEach, describe, expect, test } from '@jest/globals';
import { HeldMatters, verifyDossier, writeRootDossier, type VerifiedDossier } from '../../src/dossier/index.js';
import { rejectionOf } from '../support/reject-code.js';
import { addKey, CHANGELOG, KEYS, replaceKey, targetsDocument } from '../support/root-base.js';
import {
  createRootFixture,
  type FixtureUpdate,
  type RootDossierOptions,
  type RootFixture,
} from '../support/root-fixture.js';

/** A root update whose dossier comes without its targets: to somebody who has verified the whole one. */

const [targetsKey] = KEYS.targets;
const [standby] = KEYS.spare;
const DAY_MS = 24 * 60 * 60 * 1000;

let fixture: RootFixture;
let update: FixtureUpdate;
let held: HeldMatters;
let whole: VerifiedDossier;

beforeEach(async () => {
  const signers = [targetsKey, KEYS.online];
  fixture = createRootFixture({
    documents: [targetsDocument('devel', signers), targetsDocument('production', signers)],
  });
  update = await fixture.update([replaceKey('targets', targetsKey, standby), CHANGELOG]);
  held = new HeldMatters(1_000_000);
  whole = await verify({}, { abridged: false });
});

async function verify(
  asked: Partial<RootDossierOptions> = {},
  { abridged = true, pins = fixture.pins, now = fixture.now } = {},
): Promise<VerifiedDossier> {
  const { targets, waveTargets, ...parts } = fixture.parts({ update, ...asked });
  const lines = writeRootDossier({
    ...parts,
    ...(abridged ? { targets: [], waveTargets: [] } : { targets, waveTargets }),
  });
  return verifyDossier(lines, pins, now, { held, abridged });
}

describe('an abridged dossier', () => {
  test('reads as the whole one did', async () => {
    expect(await verify()).toEqual(whole);
  });

  test('has its approvals counted anew', async () => {
    expect((await verify({ approvals: ['carol'] })).quorum).toMatchObject({ persons: ['carol'], missing: 1 });
    expect((await verify({ approvals: [] })).quorum).toMatchObject({ persons: [], missing: 2 });
  });

  test('expires all the same', async () => {
    const now = new Date(fixture.now.getTime() + 2 * DAY_MS);
    expect(await rejectionOf(verify({}, { now }))).toMatch(/^STATEMENT_EXPIRED/);
  });

  test.each<[string, NonNullable<RootDossierOptions['parts']>]>([
    ['a root', ({ documents: [ci, production], ...parts }) => ({ ...parts, documents: [`${ci} `, production] })],
    ['CI targets', (parts) => ({ ...parts, ciTargets: `${parts.ciTargets} ` })],
  ])('with other %s is not the one that is held', async (_, parts) => {
    expect(await rejectionOf(verify({ parts }))).toMatch(/^DOSSIER_NOT_HELD/);
  });

  test('of another statement is not the one that is held', async () => {
    update = await fixture.update([addKey('targets', standby), CHANGELOG]);
    expect(await rejectionOf(verify())).toMatch(/^DOSSIER_NOT_HELD/);
  });

  test('is verified by nobody who holds nothing, and not under other pins', async () => {
    const lines = (): AsyncIterable<string> => writeRootDossier({ ...fixture.parts({ update }), targets: [] });
    const abridged = { abridged: true };
    expect(await rejectionOf(verifyDossier(lines(), fixture.pins, fixture.now, abridged))).toMatch(/^DOSSIER_NOT_HELD/);
    const pins = { ...fixture.pins, firstRootSha256: {} };
    expect(await rejectionOf(verify({}, { pins }))).toMatch(/^PINS_MISSING/);
  });

  test('has no targets', async () => {
    const lines = await fixture.dossier({ update });
    const asked = verifyDossier(lines, fixture.pins, fixture.now, { held, abridged: true });
    expect(await rejectionOf(asked)).toMatch(/^DOSSIER_INVALID/);
  });
});

describe('what is held', () => {
  test('is not enough for a dossier that is said to be whole', async () => {
    const lines = writeRootDossier({ ...fixture.parts({ update }), targets: [] });
    const read = verifyDossier(lines, fixture.pins, fixture.now, { held });
    expect(await rejectionOf(read)).toMatch(/^STATEMENT_BASE_MISMATCH/);
  });

  test('is let go of', async () => {
    held.release(update.sha256);
    expect(await rejectionOf(verify())).toMatch(/^DOSSIER_NOT_HELD/);
  });

  test('stays within its room: the oldest goes first, and what does not fit alone is not taken', async () => {
    const first = update;
    held = new HeldMatters(10_000);
    await verify({}, { abridged: false });
    update = await fixture.update([addKey('targets', standby), CHANGELOG], { also: [standby.keyid] });
    await verify({}, { abridged: false });
    await verify();
    update = first;
    expect(await rejectionOf(verify())).toMatch(/^DOSSIER_NOT_HELD/);
    held = new HeldMatters(100);
    await verify({}, { abridged: false });
    expect(await rejectionOf(verify())).toMatch(/^DOSSIER_NOT_HELD/);
  });

  test('is nothing that adopts a document', async () => {
    const documents = [targetsDocument('production', [KEYS.online])];
    fixture = createRootFixture({ targets: [], documents });
    update = await fixture.update([addKey('targets', targetsKey), CHANGELOG], { adopts: () => true });
    expect((await verify({}, { abridged: false })).kind).toBe('root');
    expect(await rejectionOf(verify())).toMatch(/^DOSSIER_NOT_HELD/);
  });
});
