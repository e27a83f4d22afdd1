/** The signer's clock, set back and forward, and the way out when entries of a wrong time stand in its journal. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isCountersignError } from '../../src/errors.js';
import { readFileSync } from 'node:fs';
import { resetClock, verifyJournal } from '../../src/signer/index.js';
import { metadataText } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { DAY_MS, publishedBy, requestId, signerBench, waveOver, type SignerBench } from '../support/signer-bench.js';

const YEAR_MS = 365 * DAY_MS;
let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench();
});
afterEach(() => bench.remove());

const sign = (version = 42): ReturnType<SignerBench['signer']['sign']> =>
  bench.signer.sign(waveOver(bench, { version }).lines);
const set = (ms: number): void => {
  bench.now = new Date(bench.fixture.now.getTime() + ms);
};
const entries = (): number => bench.journal.state.head.seq;

/** What a service with a right clock may do while the signer's is ahead: it leaves an entry of that time. */
async function showPublished(version: number): Promise<void> {
  const { fixture } = bench;
  await bench.signer.published({
    factory: fixture.factory,
    tag: fixture.tag,
    metadata: metadataText(publishedBy(bench, waveOver(bench, { version }).document)),
    roots: { ci: fixture.roots.ci.map(metadataText), production: fixture.roots.production.map(metadataText) },
  });
}

describe('a clock that is set back', () => {
  it('signs nothing, writes nothing, and both go on once it is right', async () => {
    await sign(41);
    const before = entries();
    for (const ms of [-1000, -DAY_MS, -10 * YEAR_MS]) {
      set(ms);
      await expect(sign()).rejects.toBeDefined();
      expect([entries(), bench.token.signed.length]).toEqual([before, 1]);
    }
    set(1000);
    await expect(sign()).resolves.toMatchObject({ signatures: [{ document: 0 }] });
  });

  it('is told apart from all else, with both times and what to do', async () => {
    await sign(41);
    set(-1000);
    const error: unknown = await sign().catch((refused: unknown) => refused);
    expect(isCountersignError(error, 'SIGNER_CLOCK') && error).toMatchObject({
      message: "the clock says 2026-11-22T15:59:59Z, the journal's last entry is of 2026-11-22T16:00:00Z",
      hint: expect.stringContaining('clock-reset'),
    });
    await expect(bench.signer.status(false)).resolves.toMatchObject({ clockOk: false, clock: '2026-11-22T15:59:59Z' });
  });

  it('still gives the signatures that were made, and takes a rejection', async () => {
    const made = await sign(41);
    set(-10 * YEAR_MS);
    await expect(sign(41)).resolves.toEqual(made);
    const wave = bench.fixture.wave();
    const { text: rejection, sshsig } = bench.fixture.reject('alice', wave.text, 'no');
    await expect(bench.signer.veto({ statement: wave.text, rejection, sshsig })).resolves.toMatchObject({
      vetoed: true,
    });
    set(0);
    await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier({ wave })))).resolves.toMatch(/^VETOED/);
  });
});

describe('a clock that is set forward by ten years', () => {
  it('signs nothing, since every statement has expired, and leaves no entry of that time by asking', async () => {
    const before = entries();
    set(10 * YEAR_MS);
    await expect(sign()).rejects.toBeDefined();
    expect([entries(), bench.token.signed.length]).toEqual([before, 0]);
    set(0);
    await expect(sign()).resolves.toMatchObject({ signatures: [{ document: 0 }] });
  });

  describe('and is set right after an entry was written', () => {
    beforeEach(async () => {
      await sign(41);
      set(10 * YEAR_MS);
      await showPublished(41);
      set(1000);
    });

    it('signs nothing before that time has come, also after a restart', async () => {
      await expect(rejectionOf(sign())).resolves.toMatch(/^SIGNER_CLOCK/);
      await bench.restart();
      await expect(rejectionOf(sign())).resolves.toMatch(/^SIGNER_CLOCK/);
      expect(bench.token.signed).toHaveLength(1);
    });

    it('goes on once the operator, with the signer stopped, says that the clock is right now; what was learnt stays', async () => {
      const reset = (): ReturnType<typeof resetClock> => resetClock(bench.stateDir, bench.now, bench.logger);
      await expect(rejectionOf(reset())).resolves.toMatch(/^SIGNER_BUSY/);
      await bench.stop();
      await expect(reset()).resolves.toEqual({ was: '2036-11-19T16:00:00Z', now: '2026-11-22T16:00:01Z' });
      await expect(reset()).resolves.toBeNull();
      await bench.restart();
      const rival = waveOver(bench, { version: 41, id: requestId(1), expires: '2027-05-05T05:05:05Z' });
      await expect(rejectionOf(bench.signer.sign(rival.lines))).resolves.toMatch(/^WATERMARK_PUBLISHED/);
      await expect(sign()).resolves.toMatchObject({ signatures: [{ signedAt: '2026-11-22T16:00:01Z' }] });
      await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ lastAt: '2026-11-22T16:00:01Z' });
      expect(readFileSync(bench.journalPath, 'utf8')).toContain('"type":"clock","was":"2036-11-19T16:00:00Z"');
    });
  });
});

it('a clock-reset is no way around a clock that is behind the time of the reset', async () => {
  await sign(41);
  set(10 * YEAR_MS);
  await showPublished(41);
  await bench.stop();
  set(DAY_MS);
  await resetClock(bench.stateDir, bench.now, bench.logger);
  await bench.restart();
  set(0);
  await expect(rejectionOf(sign())).resolves.toMatch(/^SIGNER_CLOCK/);
});
