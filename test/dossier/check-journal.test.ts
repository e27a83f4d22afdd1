import { beforeAll, describe, expect, test } from '@jest/globals';
import { explainVerification, verifyDossier, type JournalLine } from '../../src/dossier/index.js';
import type { JournalBody, JournalBodyOf } from '../../src/signer/journal/index.js';
import { createFixture, type Fixture, type FixtureWave } from '../support/factory-fixture.js';
import { journalLines, type JournalOf } from '../support/journal-lines.js';
import { rejectionOf } from '../support/reject-code.js';

const HOUR_MS = 3_600_000;
const ANOTHER = 'cd'.repeat(32);
let fixture: Fixture;
let wave: FixtureWave;

beforeAll(() => {
  fixture = createFixture();
  wave = fixture.wave();
});

function evidence(over: Partial<JournalOf> = {}, edit: (lines: JournalLine[]) => JournalLine[] = (lines) => lines) {
  const signatures = fixture.sign(wave.document, fixture.now);
  const journal = journalLines({ statement: wave.statement, text: wave.text, signatures, ...over });
  return fixture.dossier({ wave, parts: (parts) => ({ ...parts, signatures, journals: [edit(journal)] }) });
}

async function refusal(over: Partial<JournalOf> = {}, edit?: (lines: JournalLine[]) => JournalLine[]): Promise<string> {
  return rejectionOf(verifyDossier(evidence(over, edit), fixture.pins, fixture.now));
}

/** A journal whose entries say something else, each with the right hash of it. */
const decided = (change: Partial<JournalBodyOf<'intent'>>): Partial<JournalOf> => ({
  change: (bodies) => bodies.map((body): JournalBody => (body.type === 'intent' ? { ...body, ...change } : body)),
});
const signed = (change: Partial<JournalBodyOf<'signature'>>): Partial<JournalOf> => ({
  change: (bodies) => bodies.map((body): JournalBody => (body.type === 'signature' ? { ...body, ...change } : body)),
});
const foreign: JournalBody = {
  ...{ type: 'published', factory: 'acme', repository: 'production', role: 'targets', tag: 'other', version: 7 },
  ...{ sha256: ANOTHER, source: 'report' },
};

describe('the journal in evidence', () => {
  test('shows the decision before the signatures', async () => {
    const verified = await verifyDossier(evidence(), fixture.pins, fixture.now);
    expect(verified.journal).toMatchObject({
      intent: { seq: 42, persons: ['alice', 'bob'] },
      signatures: [{ seq: 43 }],
      others: 0,
    });
    const text = explainVerification(verified);
    expect(text).toContain("The signer's journal, which is the signer's own account of it:");
    expect(text).toContain('it was decided first and signed after it, with nothing between');
  });

  test('may hold entries of others as hashes, and then says that order is not proved by it alone', async () => {
    const over = { change: ([intent, ...rest]: JournalBody[]) => [...(intent ? [intent] : []), foreign, ...rest] };
    const lines = evidence(over);
    expect(lines.join('')).not.toContain('"tag\\":\\"other');
    const verified = await verifyDossier(lines, fixture.pins, fixture.now);
    expect(verified.journal).toMatchObject({ others: 1, signatures: [{ seq: 44 }] });
    expect(explainVerification(verified)).toContain('is proved only together with the journal itself');
  });

  test('lets a signature that its token kept waiting be judged by when it was decided upon', async () => {
    const late = new Date(Date.parse(wave.statement.expires) + HOUR_MS);
    const signatures = fixture.sign(wave.document, late);
    const lines = (journal: JournalLine[]) =>
      fixture.dossier({ wave, parts: (parts) => ({ ...parts, signatures, journals: [journal] }) });
    const { statement, text } = wave;
    const journal = journalLines({ statement, text, signatures, decidedAt: '2026-11-22T16:00:00Z' });
    const verified = await verifyDossier(lines(journal), fixture.pins, late);
    expect(verified.judgedAt).toEqual(new Date('2026-11-22T16:00:00Z'));
    expect(await rejectionOf(verifyDossier(lines([]), fixture.pins, late))).toMatch(/^STATEMENT_EXPIRED/);
    const clock = verifyDossier(lines(journal), fixture.pins, late, { judgeBy: 'clock' });
    expect(await rejectionOf(clock)).toMatch(/^STATEMENT_EXPIRED/);
  });

  test.each([
    ['is about another statement', decided({ statement: ANOTHER })],
    ['is about another request', decided({ id: 'req_00000000000000000000000001' })],
    ['is about another Factory', decided({ factory: 'other' })],
    ['was taken under another policy', decided({ policy: 2 })],
    ['counts somebody who did not approve', decided({ persons: ['alice', 'carol'] })],
    ['has a signature of another statement', signed({ statement: ANOTHER })],
    ['has another signature', signed({ sig: 'AAAA' })],
    ['has a signature by another key', signed({ keyid: 'other' })],
    ['has one signature more', { change: (bodies: JournalBody[]) => [...bodies, ...bodies.slice(1)] }],
    ['has the decision twice', { change: (bodies: JournalBody[]) => [...bodies.slice(0, 1), ...bodies] }],
    ['has the signature first', { change: (bodies: JournalBody[]) => bodies.toReversed() }],
    ['ends without a signature', { change: (bodies: JournalBody[]) => bodies.slice(0, 1) }],
    ['ends with something else', { change: (bodies: JournalBody[]) => [...bodies, foreign] }],
    ['begins with something else', { change: (bodies: JournalBody[]) => [foreign, ...bodies] }],
    ['was signed before it was decided', { decidedAt: '2026-11-22T16:00:01Z' }],
  ])('does not hold when it %s', async (_what, over) => {
    expect(await refusal(over)).toMatch(/^EVIDENCE_INVALID/);
  });

  test.each(['version', 'length', 'sha256', 'tag', 'role', 'repository', 'index'] as const)(
    'does not hold when the decision has another %s of a document',
    async (member) => {
      const others = { version: 1, length: 1, sha256: ANOTHER, tag: 't', role: 'root', repository: 'ci', index: 1 };
      const change = (bodies: JournalBody[]): JournalBody[] =>
        bodies.map((body) =>
          body.type === 'intent'
            ? { ...body, documents: body.documents.map((document) => ({ ...document, [member]: others[member] })) }
            : body,
        );
      expect(await refusal({ change })).toMatch(/^EVIDENCE_INVALID/);
    },
  );

  test('does not hold when one character of an entry is another', async () => {
    for (const [from, to] of [
      ['"alice"', '"alicf"'],
      ['"at":"2026', '"at":"2025'],
      ['"kind":"wave"', '"kind": "wave"'],
    ] as const) {
      const edit = (lines: JournalLine[]): JournalLine[] =>
        lines.map((line) => (line.type === 'journal' ? { ...line, text: line.text.replace(from, to) } : line));
      expect(await refusal({}, edit)).toMatch(/^EVIDENCE_INVALID/);
    }
  });

  test('does not hold when an entry was left out, or a hash does not lead to the next', async () => {
    const over = { change: ([intent, ...rest]: JournalBody[]) => [...(intent ? [intent] : []), foreign, ...rest] };
    expect(await refusal(over, (lines) => lines.filter(({ type }) => type === 'journal'))).toMatch(/^EVIDENCE_INVALID/);
    for (const wrong of [{ hash: ANOTHER }, { prev: ANOTHER }, { seq: 44 }]) {
      const edit = (lines: JournalLine[]): JournalLine[] =>
        lines.map((line) => (line.type === 'journal-hash' ? { ...line, ...wrong } : line));
      expect(await refusal(over, edit)).toMatch(/^EVIDENCE_INVALID/);
    }
  });

  test('is refused without signatures, and when it never ends', async () => {
    const signatures = fixture.sign(wave.document, fixture.now);
    const journal = journalLines({ statement: wave.statement, text: wave.text, signatures });
    const bare = fixture.dossier({ wave, parts: (parts) => ({ ...parts, journals: [journal] }) });
    expect(await rejectionOf(verifyDossier(bare, fixture.pins, fixture.now))).toMatch(/^EVIDENCE_INVALID/);
    const endless = (lines: JournalLine[]): JournalLine[] => Array.from({ length: 300 }, () => lines).flat();
    expect(await refusal({}, endless)).toMatch(/^DOSSIER_INVALID/);
  });
});
