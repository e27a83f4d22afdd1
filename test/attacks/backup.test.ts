import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NAMESPACES } from '../../src/approval/index.js';
import { parseStatement } from '../../src/dossier/index.js';
import { CountersignError } from '../../src/errors.js';
import { serializePolicy } from '../../src/policy/index.js';
import { parseRecoveryFile, serializeRecoveryFile } from '../../src/recovery/index.js';
import { applyRecovery, draftRecovery, type EvidenceFile } from '../../src/signer/recover/index.js';
import { openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { rejectionOf } from '../support/reject-code.js';
import { requestId } from '../support/signer-bench.js';

/** An older copy is put back: of the database, or of the signer's journal. */

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld();
});
afterEach(() => world.end());

const OTHER_EXPIRY = '2027-01-31T00:00:00Z';

describe('an older database', () => {
  test('whose request is open again gets the very signature that was made, and finds it delivered', async () => {
    const id = await world.approved();
    world.copyTo('database', 'copy.db');
    await world.service.reconcile();
    const [signature] = await world.store.requests.signatures(id);
    await world.restoreFrom('database', 'copy.db');
    expect(await world.service.get(id)).toMatchObject({ state: 'open' });
    world.factory.waveList.length = 0; // or it would see the Wave's name as taken
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
    expect(await world.store.requests.signatures(id)).toEqual([signature]);
    expect(world.token.signed).toHaveLength(1);
  });

  test('that does not know what was signed cannot get other bytes of that version signed', async () => {
    world.copyTo('database', 'copy.db');
    await world.approved();
    await world.service.reconcile();
    await world.restoreFrom('database', 'copy.db');
    await world.service.verifyEvents();
    expect(await rejectionOf(world.ask({ name: 'again', expires: OTHER_EXPIRY }))).toMatch(/^WATERMARK_/);
    expect(world.token.signed).toHaveLength(1);
  });

  test('that does not know what was signed and not published gets other bytes of it once officers were shown that', async () => {
    world.copyTo('database', 'copy.db');
    const lost = await world.approved();
    world.factory.fail('createWave', { when: 'before', error: new CountersignError('FACTORY_UNAVAILABLE', 'no way') });
    await world.service.reconcile();
    const { state, statementSha256: statement, documents } = await world.service.get(lost);
    expect(state).toBe('signed');
    await world.restoreFrom('database', 'copy.db');
    const id = await world.ask({ name: 'again', expires: OTHER_EXPIRY });
    const forgotten = documents.map(({ sha256 }) => sha256);
    expect(parseStatement(await world.service.statement(id)).supersedes).toEqual({
      ...{ statement, documents: forgotten, unknown: forgotten },
    });
    for (const person of ['alice', 'bob']) await world.approve(id, person);
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
    expect(world.token.signed).toHaveLength(2);
  });

  test('that does not know of a rejection cannot undo it', async () => {
    const id = await world.approved();
    world.copyTo('database', 'copy.db');
    const { text, sshsig } = world.fixture.reject('carol', await world.service.statement(id), 'no');
    await world.signer.veto({ statement: await world.service.statement(id), rejection: text, sshsig });
    await world.restoreFrom('database', 'copy.db');
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
    expect(world.token.signed).toEqual([]);
  });
});

describe('an older journal', () => {
  async function signedAfterCopy(): Promise<string> {
    world.copyTo('journal', 'copy');
    const id = await world.approved();
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
    await world.restoreFrom('journal', 'copy');
    return id;
  }

  test('signs nothing more in a role once it is shown what is published and it does not know', async () => {
    const id = await signedAfterCopy();
    const published = await world.service.signed(id);
    const metadata = published?.toString('utf8') ?? '';
    const shown = { factory: 'acme', tag: 'production', metadata, roots: world.fixture.rootTexts };
    expect(await rejectionOf(world.signer.published(shown))).toMatch(/^ROLE_FROZEN/);
    const other = world.wave({ expires: OTHER_EXPIRY, id: requestId(1) });
    expect(await rejectionOf(world.signer.sign(world.dossier({ wave: other })))).toMatch(/^ROLE_FROZEN/);
    expect(world.token.signed).toHaveLength(1);
    // and for good: it stands in the journal
    await world.withSignerStopped(() => undefined);
    expect(await rejectionOf(world.signer.sign(world.dossier({ wave: other })))).toMatch(/^ROLE_FROZEN/);
  });

  test('freezes with the next Wave, which is built on what it does not know', async () => {
    await signedAfterCopy();
    await world.factory.completeWave('w42');
    const next = await world.approved({ name: 'w43', version: 43 });
    // from a service that shows no receipt, because its database was lost too, or because it lies
    expect(await rejectionOf(world.signer.sign(world.service.dossier(next)))).toMatch(/^ROLE_FROZEN/);
    expect(world.token.signed).toHaveLength(1);
  });

  test('signs nothing for a service that has a newer signature, before it is shown anything published', async () => {
    await signedAfterCopy();
    const wave = world.wave({ id: requestId(2), tag: 'another' });
    const receipt = { statement: '0'.repeat(64), seq: 99, hash: '0'.repeat(64) };
    expect(await rejectionOf(world.signer.sign(world.dossier({ wave }), receipt))).toMatch(/^JOURNAL_INCOMPLETE/);
    await world.factory.completeWave('w42');
    const next = await world.approved({ name: 'w43', version: 43 });
    await world.service.reconcile();
    const lastError = { code: 'JOURNAL_INCOMPLETE', hint: expect.stringContaining('signer recover') };
    expect(await world.service.get(next)).toMatchObject({ state: 'open', lastError });
    const { ready, checks } = await world.service.readiness();
    expect(ready).toBe(false);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'signer', code: 'JOURNAL_INCOMPLETE' }));
    expect(world.token.signed).toHaveLength(1);
  });

  test('signs again once a quorum approved what was rebuilt, and not for one officer', async () => {
    world.copyTo('journal', 'copy');
    const id = await world.approved();
    await world.service.reconcile();
    const evidence: EvidenceFile[] = [];
    const lines: string[] = [];
    for await (const line of world.service.evidence(id)) lines.push(line);
    evidence.push({ name: id, lines: () => lines });
    await world.restoreFrom('journal', 'copy');
    await world.factory.completeWave('w42');
    const next = await world.approved({ name: 'w43', version: 43 });
    await world.service.reconcile();
    const { fixture, stateDir, clock, token } = world;
    const inputs = { stateDir, evidence, published: [], readKeys: () => token.keys(), now: clock.now() };
    await world.withSignerStopped(async () => {
      const text = await draftRecovery({ ...inputs, reason: 'an old copy', lifetimeMs: 3_600_000 });
      const { recovery, policies, text: signed } = parseRecoveryFile(text);
      const by = (...persons: string[]) => {
        const sign = (person: string) => ({ person, sshsig: fixture.sshsig(person, NAMESPACES.recover, signed) });
        return parseRecoveryFile(serializeRecoveryFile(recovery, policies.map(serializePolicy), persons.map(sign)));
      };
      expect(await rejectionOf(applyRecovery({ ...inputs, file: by('alice', 'alice') }))).toMatch(/^QUORUM_NOT_MET/);
      await applyRecovery({ ...inputs, file: by('alice', 'bob') });
    });
    clock.time = new Date(clock.time.getTime() + 120_000); // the refused request is tried again
    await world.service.reconcile();
    expect(await world.service.get(next)).toMatchObject({ state: 'delivered' });
    const again = world.wave({ expires: OTHER_EXPIRY, id: requestId(1) });
    expect(await rejectionOf(world.signer.sign(world.dossier({ wave: again })))).not.toBe('RESOLVED');
    expect(world.token.signed).toHaveLength(2);
  });

  test('with a line taken out, edited or moved does not start', async () => {
    const file = `${world.stateDir}/journal.jsonl`;
    await world.approved();
    await world.service.reconcile();
    const whole = readFileSync(file, 'utf8');
    const lines = whole.trimEnd().split('\n');
    const intent = lines.findIndex((line) => line.includes('"type":"intent"'));
    const without = [...lines.slice(0, intent), ...lines.slice(intent + 1)];
    const edited = lines.map((line, index) =>
      index === intent ? line.replace('"persons":["alice"', '"persons":["mallory"') : line,
    );
    for (const damaged of [without, edited, [...lines].reverse()]) {
      const start = world.withSignerStopped(() => writeFileSync(file, `${damaged.join('\n')}\n`));
      expect(await rejectionOf(start)).toMatch(/^JOURNAL_DAMAGED/);
    }
    await world.withSignerStopped(() => writeFileSync(file, whole));
    expect(world.token.signed).toHaveLength(1);
  });
});
