import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { verifyDossier } from '../../../src/dossier/index.js';
import { sha256Hex } from '../../../src/tuf/index.js';
import { metadataText } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { publishedBy, requestId, signerBench, type SignerBench, waveOver } from '../../support/signer-bench.js';

let bench: SignerBench;
afterEach(async () => bench.remove());

/** Signed while another statement is decided upon and signed between its decision and its signature. */
async function signedAround() {
  const first = waveOver(bench, { version: 42, id: requestId(1) });
  const second = waveOver(bench, { version: 43, id: requestId(2), tag: 'secret-tag' });
  let busy = false;
  bench.onStep = async (step) => {
    if (step !== 'sign:made' || busy) return;
    busy = true;
    await bench.signer.sign(second.lines);
  };
  const { signatures } = await bench.signer.sign(first.lines);
  return { first, second, signatures };
}

describe('the journal about one statement', () => {
  it('makes evidence of a dossier, word for word as it stands in the file', async () => {
    bench = await signerBench();
    const { fixture } = bench;
    const wave = fixture.wave();
    const { signatures, journal: head } = await bench.signer.sign(fixture.dossier({ wave }));
    const { lines } = await bench.signer.journalOf(wave.sha256);
    const file = readFileSync(bench.journalPath, 'utf8').trimEnd().split('\n');
    expect(lines).toEqual(file.slice(-2).map((text) => ({ type: 'journal', text })));
    const published = metadataText(publishedBy(bench, wave.document));
    const parts = { signatures, published, journals: [lines] };
    const evidence = fixture.dossier({ wave, parts: (made) => ({ ...made, ...parts }) });
    const verified = await verifyDossier(evidence, fixture.pins, new Date('2050-01-01T00:00:00Z'));
    expect(verified.journal?.head).toEqual(head);
  });

  it('tells of other requests nothing but hashes', async () => {
    bench = await signerBench();
    const { first, second } = await signedAround();
    const { lines } = await bench.signer.journalOf(first.sha256);
    expect(lines.map(({ type }) => type)).toEqual(['journal', 'journal-hash', 'journal-hash', 'journal']);
    const text = JSON.stringify(lines);
    for (const secret of ['secret-tag', requestId(2), second.sha256]) expect(text).not.toContain(secret);
    expect((await bench.signer.journalOf(second.sha256)).lines).toHaveLength(2);
  });

  it('is the same after a restart', async () => {
    bench = await signerBench();
    const { first } = await signedAround();
    const before = await bench.signer.journalOf(first.sha256);
    await bench.restart();
    expect(await bench.signer.journalOf(first.sha256)).toEqual(before);
  });

  it('is not there for what was never decided', async () => {
    bench = await signerBench();
    expect(await rejectionOf(bench.signer.journalOf(sha256Hex('nothing')))).toMatch(/^NOT_FOUND/);
  });

  it('is refused when the file was touched since it was read', async () => {
    bench = await signerBench();
    const wave = bench.fixture.wave();
    await bench.signer.sign(bench.fixture.dossier({ wave }));
    const whole = readFileSync(bench.journalPath, 'utf8');
    writeFileSync(bench.journalPath, whole.replace('"persons":["alice","bob"]', '"persons":["alice","eve"]'));
    expect(await rejectionOf(bench.signer.journalOf(wave.sha256))).toMatch(/^JOURNAL_DAMAGED/);
    writeFileSync(bench.journalPath, whole.slice(0, -10));
    expect(await rejectionOf(bench.signer.journalOf(wave.sha256))).toMatch(/^JOURNAL_DAMAGED/);
  });
});
