import { readFileSync, statSync, truncateSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignerStep } from '../../../src/signer/server/steps.js';
import { verifySignature } from '../../../src/tuf/index.js';
import { metadataText } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { Crash, publishedBy, requestId, signerBench, type SignerBench, waveOver } from '../../support/signer-bench.js';
import { tufKey } from '../../support/tuf-key.js';

let bench: SignerBench;
beforeEach(async () => {
  // RSA-PSS signatures differ each time, so that one that was made twice is seen
  bench = await signerBench({ key: tufKey('RSA') });
});
afterEach(async () => bench.remove());

/** Lets the signer die when it comes to the step for the first time. */
function dieAt(fatal: SignerStep): void {
  bench.onStep = (step) => {
    if (step !== fatal) return;
    bench.onStep = undefined;
    throw new Crash(step);
  };
}

const entries = (type: string): string[] =>
  readFileSync(bench.journalPath, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"type":"${type}"`));

const rivalOf = (version: number): readonly string[] =>
  waveOver(bench, { version, id: requestId(99), expires: '2027-05-05T05:05:05Z' }).lines;

/** The step, whether the intent is on the disk by then, and whether the signature is. */
const STEPS: [SignerStep, boolean, boolean][] = [
  ['sign:verified', false, false],
  ['sign:decided', false, false],
  ['journal:intent', true, false],
  ['sign:intended', true, false],
  ['sign:made', true, false],
  ['journal:signature', true, true],
  ['sign:recorded', true, true],
];

describe('a signer that dies while it signs', () => {
  for (const [step, isIntended, isSigned] of STEPS) {
    it(`at ${step}: signs the same bytes once more or gives what it has, and keeps its watermark`, async () => {
      const wave = waveOver(bench, { version: 42 });
      dieAt(step);
      await expect(bench.signer.sign(wave.lines)).rejects.toThrow();
      await bench.restart();

      expect(entries('intent')).toHaveLength(isIntended ? 1 : 0);
      expect(entries('signature')).toHaveLength(isSigned ? 1 : 0);
      if (isIntended) {
        await expect(rejectionOf(bench.signer.sign(rivalOf(42)))).resolves.toMatch(/^WATERMARK_ISSUED/);
      }
      const result = await bench.signer.sign(wave.lines);
      expect(result.signatures).toHaveLength(1);
      for (const signature of result.signatures) verifySignature(bench.key.key, signature, wave.document);
      expect(entries('intent')).toHaveLength(1);
      expect(entries('signature')).toHaveLength(1);
      expect(entries('signature')[0]).toContain(result.signatures[0]?.sig);
      expect(bench.token.signed.every(({ payload }) => payload.equals(wave.document))).toBe(true);
      await expect(bench.signer.sign(wave.lines)).resolves.toEqual(result);
    });
  }

  it('finishes an intent after its statement has expired and with other approvals: it was decided in time', async () => {
    const wave = bench.fixture.wave();
    dieAt('sign:intended');
    await expect(bench.signer.sign(bench.fixture.dossier({ wave }))).rejects.toThrow(Crash);
    await bench.restart();
    bench.now = new Date('2026-12-31T00:00:00Z');
    const { signatures } = await bench.signer.sign(bench.fixture.dossier({ wave, approvals: ['carol', 'alice'] }));
    expect(signatures).toMatchObject([{ signedAt: '2026-12-31T00:00:00Z' }]);
  });

  it('does not finish an intent that an officer rejected in between', async () => {
    const wave = bench.fixture.wave();
    dieAt('sign:intended');
    await expect(bench.signer.sign(bench.fixture.dossier({ wave }))).rejects.toThrow(Crash);
    await bench.restart();
    const rejected = bench.fixture.dossier({ wave, rejections: [{ person: 'carol', reason: 'no' }] });
    await expect(rejectionOf(bench.signer.sign(rejected))).resolves.toMatch(/^VETOED/);
    await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier({ wave })))).resolves.toMatch(/^VETOED/);
    expect(bench.token.signed).toHaveLength(0);
  });

  it('has forgotten an intent that was torn on its way to the disk, and what came with it counts on its own', async () => {
    const first = waveOver(bench, { version: 42 });
    await bench.signer.sign(first.lines);
    const productionTargets = publishedBy(bench, first.document);
    const wave = waveOver(bench, { version: 43, productionTargets });
    dieAt('journal:intent');
    await expect(bench.signer.sign(wave.lines)).rejects.toThrow();
    await bench.stop();
    truncateSync(bench.journalPath, statSync(bench.journalPath).size - 100);
    await bench.restart();
    expect(entries('intent')).toHaveLength(1);
    expect(
      bench.journal.state.watermarkOf({
        factory: 'acme',
        repository: 'production',
        role: 'targets',
        tag: 'production',
      }),
    ).toMatchObject({ base: { version: 42 } });
    await expect(bench.signer.sign(wave.lines)).resolves.toMatchObject({ signatures: [{}] });
  });

  it('signs nothing more after a write that failed, until it is restarted', async () => {
    dieAt('journal:intent');
    await expect(rejectionOf(bench.signer.sign(waveOver(bench, { version: 42 }).lines))).resolves.toMatch(
      /^JOURNAL_WRITE_FAILED/,
    );
    await expect(rejectionOf(bench.signer.sign(waveOver(bench, { version: 43 }).lines))).resolves.toMatch(
      /^JOURNAL_WRITE_FAILED/,
    );
    expect(bench.token.signed).toHaveLength(0);
    expect((await bench.signer.status(false)).journal.failed).toBe(true);
  });
});

describe('a signer that dies over a veto', () => {
  for (const step of ['veto:judged', 'journal:veto', 'veto:recorded'] as const) {
    it(`at ${step}: has the veto once it was asked for again`, async () => {
      const wave = bench.fixture.wave();
      const { text: rejection, sshsig } = bench.fixture.reject('carol', wave.text, 'no');
      const veto = { statement: wave.text, rejection, sshsig };
      dieAt(step);
      await expect(bench.signer.veto(veto)).rejects.toThrow();
      await bench.restart();
      await expect(bench.signer.veto(veto)).resolves.toMatchObject({ vetoed: true, signed: false });
      expect(entries('veto')).toHaveLength(1);
      await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier({ wave })))).resolves.toMatch(/^VETOED/);
    });
  }
});

describe('a signer that dies over a published document', () => {
  for (const step of ['published:judged', 'journal:published', 'published:recorded'] as const) {
    it(`at ${step}: has the watermark once it is shown again`, async () => {
      const wave = waveOver(bench, { version: 42 });
      await bench.signer.sign(wave.lines);
      const metadata = metadataText(publishedBy(bench, wave.document));
      const published = { factory: 'acme', tag: 'production', metadata };
      dieAt(step);
      await expect(bench.signer.published(published)).rejects.toThrow();
      await bench.restart();
      await expect(bench.signer.published(published)).resolves.toMatchObject({ watermark: { version: 42 } });
      expect(entries('published')).toHaveLength(1);
    });
  }
});

describe('a signer that dies over a freeze', () => {
  for (const step of ['published:judged', 'journal:freeze', 'published:recorded'] as const) {
    it(`at ${step}: freezes when it is shown the same again`, async () => {
      await bench.signer.sign(waveOver(bench, { version: 41 }).lines);
      const stolen = publishedBy(bench, bench.fixture.wave().document);
      const published = { factory: 'acme', tag: 'production', metadata: metadataText(stolen) };
      dieAt(step);
      await expect(bench.signer.published(published)).rejects.toThrow();
      await bench.restart();
      for (let time = 0; time < 2; time++) {
        await expect(rejectionOf(bench.signer.published(published))).resolves.toMatch(/^ROLE_FROZEN/);
      }
      await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier()))).resolves.toMatch(/^ROLE_FROZEN/);
      expect(entries('freeze')).toHaveLength(1);
    });
  }
});
