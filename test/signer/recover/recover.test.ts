import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NAMESPACES } from '../../../src/approval/index.js';
import { verifyDossier } from '../../../src/dossier/index.js';
import { describeRecovery, parseRecoveryFile, serializeRecoveryFile } from '../../../src/recovery/index.js';
import { serializePolicy } from '../../../src/policy/index.js';
import { type JournalBody, verifyJournal } from '../../../src/signer/journal/index.js';
import { rejectionOf } from '../../support/reject-code.js';
import { Crash, nextPolicy, requestId, signerBench, waveOver, type SignerBench } from '../../support/signer-bench.js';
import {
  apply,
  copyJournal,
  draft,
  type Inputs,
  putBack,
  recover,
  shown,
  signed,
  signWave,
  snapshot,
} from './recover-bench.js';

let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench();
});
afterEach(async () => bench.remove());

const wave = (version: number, more: object = {}) =>
  bench.fixture.wave({ version, id: requestId(version), name: `w${version}`, ...more });
const sign = (it: ReturnType<typeof wave>) => bench.signer.sign(bench.fixture.dossier({ wave: it }));
/** Other bytes of a version. */
const other = (version: number) => wave(version, { id: requestId(99), expires: '2027-01-31T00:00:00Z' });
const receiptOf = async (it: ReturnType<typeof wave>) => ({
  statement: it.sha256,
  ...(await sign(it)).journal,
});

describe('a journal that is not the one that it was', () => {
  it('is noticed by the newest receipt of the service, before anything was published', async () => {
    const copy = copyJournal(bench);
    const receipt = await receiptOf(wave(42));
    const next = bench.fixture.dossier({ wave: wave(43) });
    for (const journal of [copy, null]) {
      await putBack(bench, journal);
      await bench.restart();
      expect(await rejectionOf(bench.signer.sign(next, receipt))).toMatch(/^JOURNAL_INCOMPLETE/);
      expect((await bench.signer.status(false, receipt)).journal.incomplete).toBe(true);
      expect((await bench.signer.status(false)).journal.incomplete).toBe(false);
    }
    expect(bench.token.signed).toHaveLength(1);
  });

  it('is noticed though it has a signature at the same place', async () => {
    const copy = copyJournal(bench);
    const receipt = await receiptOf(wave(42));
    await putBack(bench, copy);
    await bench.restart();
    await sign(wave(43));
    const next = bench.fixture.dossier({ wave: wave(44) });
    expect(await rejectionOf(bench.signer.sign(next, receipt))).toMatch(/^JOURNAL_INCOMPLETE/);
  });

  it('is no matter while it holds the receipt', async () => {
    const receipt = await receiptOf(wave(42));
    await bench.restart();
    await expect(bench.signer.sign(bench.fixture.dossier({ wave: wave(43) }), receipt)).resolves.toBeDefined();
  });
});

describe('a recovery', () => {
  it.each(['lost', 'older'])('of a journal that is %s signs again, above everything that was signed', async (what) => {
    const copy = what === 'older' ? copyJournal(bench) : null;
    const first = wave(42);
    const answer = await sign(first);
    const receipt = { statement: first.sha256, ...answer.journal };
    const evidence = [await signWave(bench, first, { published: true })];
    const before = await bench.signer.journalOf(first.sha256);
    await putBack(bench, copy);
    await recover(bench, { evidence });
    expect((await sign(first)).signatures).toEqual(answer.signatures);
    expect(await bench.signer.journalOf(first.sha256)).toEqual(before);
    expect(await rejectionOf(sign(other(42)))).toMatch(/^WATERMARK_PUBLISHED/);
    const reused = wave(43, { id: requestId(42) });
    expect(await rejectionOf(sign(reused))).toMatch(/^REQUEST_ID_REUSED/);
    const next = bench.fixture.dossier({ wave: wave(43) });
    await expect(bench.signer.sign(next, receipt)).resolves.toMatchObject({ signatures: [{}] });
    expect(bench.token.signed).toHaveLength(2);
    expect((await bench.signer.status(false)).recoveries).toMatchObject([
      { reason: 'the disk died', persons: ['alice', 'bob'] },
    ]);
    await bench.restart();
    expect((await sign(first)).signatures).toEqual(answer.signatures);
  });

  it('of what was signed and never published is known again from evidence; other bytes have to name it', async () => {
    const evidence = [await signWave(bench, wave(42))];
    await putBack(bench, null);
    await recover(bench, { evidence });
    expect(await rejectionOf(sign(other(42)))).toMatch(/^WATERMARK_ISSUED/);
  });

  it('makes evidence again that verifies, word for word', async () => {
    const first = wave(42);
    const file = await signWave(bench, first);
    await putBack(bench, null);
    await recover(bench, { evidence: [file] });
    const again = await signWave(bench, first);
    expect([...(again.lines() as string[])]).toEqual([...(file.lines() as string[])]);
    const verified = await verifyDossier(again.lines(), bench.fixture.pins, new Date('2050-01-01T00:00:00Z'));
    expect(verified.journal?.intent.persons).toEqual(['alice', 'bob']);
    const later = await signWave(bench, wave(43));
    await expect(verifyDossier(later.lines(), bench.fixture.pins, bench.now)).resolves.toHaveProperty('journal');
  });

  it('from a dossier without the journal’s lines gives the same signatures, and says that evidence is lost', async () => {
    const first = wave(42);
    const { signatures } = await sign(first);
    const file = await signWave(bench, first, { journal: false });
    await putBack(bench, null);
    const { recovery } = await recover(bench, { evidence: [file] });
    expect(recovery.requests).toMatchObject([{ from: 'dossier', id: requestId(42) }]);
    expect(describeRecovery(recovery)).toMatch(/no new evidence of 1 request/);
    expect((await sign(first)).signatures).toEqual(signatures);
    expect(await rejectionOf(bench.signer.journalOf(first.sha256))).toMatch(/^NOT_FOUND/);
  });

  it('takes what was signed late, after its statement had expired', async () => {
    const hour = 3_600_000;
    const late = wave(42);
    bench.onStep = (step) => {
      if (step === 'sign:made') throw new Crash(step);
    };
    await expect(sign(late)).rejects.toThrow(Crash);
    bench.onStep = undefined;
    bench.now = new Date(bench.now.getTime() + 100 * hour);
    const files = [await signWave(bench, late, { journal: false })];
    await putBack(bench, null);
    await recover(bench, { evidence: files });
    expect(await rejectionOf(sign(other(42)))).not.toBe('RESOLVED');
    expect((await bench.signer.status(false)).watermarks).toMatchObject([{ issued: { version: 42 } }]);
  });

  it('takes evidence rather than the dossier of the same request, in whatever order they come', async () => {
    const first = wave(42);
    const files = [await signWave(bench, first, { journal: false }), await signWave(bench, first)];
    await putBack(bench, null);
    const forth = await draft(bench, { evidence: files });
    const back = await draft(bench, { evidence: [...files].reverse() });
    expect(forth.text).toBe(back.text);
    expect(forth.recovery.requests).toMatchObject([{ from: 'journal' }]);
  });

  it('takes what was signed within one second in the order of the journal', async () => {
    const versions = [41, 42, 43, 44];
    const files = [];
    for (const version of versions) files.push(await signWave(bench, wave(version)));
    await putBack(bench, null);
    const { requests } = (await draft(bench, { evidence: files.reverse() })).recovery;
    expect(requests.map(({ id }) => id)).toEqual(versions.map((version) => requestId(version)));
  });

  it('adopts what is published and nobody has the request of', async () => {
    const first = wave(42);
    await sign(first);
    await putBack(bench, null);
    const published = [shown(bench, first.document)];
    const { recovery } = await recover(bench, { published });
    expect(recovery.adopted).toMatchObject([{ tag: 'production', version: 42 }]);
    expect(describeRecovery(recovery)).toContain('ADOPTED');
    await expect(bench.signer.published(shown(bench, first.document))).resolves.toMatchObject({
      watermark: { version: 42 },
    });
    expect(await rejectionOf(sign(other(42)))).toMatch(/^(WATERMARK_PUBLISHED|STALE_BASE)/);
    expect([...(await bench.signer.status(false)).frozen]).toEqual([]);
  });

  it('lifts the freeze that it explains, and no other', async () => {
    const copy = copyJournal(bench);
    const first = wave(42);
    await sign(first);
    const file = await signWave(bench, first);
    const second = wave(43);
    await sign(second);
    await putBack(bench, copy);
    await bench.restart();
    expect(await rejectionOf(bench.signer.published(shown(bench, first.document, 'w42')))).toMatch(/^ROLE_FROZEN/);
    expect(await rejectionOf(sign(wave(44)))).toMatch(/^ROLE_FROZEN/);
    await bench.stop();
    const unrelated = await draft(bench, { published: [shown(bench, second.document, 'w43')] });
    expect(unrelated.recovery.lifts).toEqual([]);
    const { recovery } = await recover(bench, { evidence: [file] });
    expect(recovery.lifts).toMatchObject([{ role: 'targets', version: 42 }]);
    // the service tells of the second one: it was not recovered
    expect(await rejectionOf(bench.signer.published(shown(bench, second.document, 'w43')))).toMatch(/^ROLE_FROZEN/);
    await bench.stop();
    await recover(bench, { published: [shown(bench, second.document, 'w43')] });
    await expect(sign(wave(44))).resolves.toBeDefined();
  });

  it('keeps the vetoes that a dossier tells of', async () => {
    const rejected = wave(42);
    const lines = bench.fixture.dossier({ wave: rejected, rejections: [{ person: 'carol', reason: 'no' }] });
    await putBack(bench, null);
    const { recovery } = await recover(bench, { evidence: [{ name: 'veto', lines: () => lines }] });
    expect(recovery.vetoes).toMatchObject([{ person: 'carol', statement: rejected.sha256 }]);
    expect(await rejectionOf(sign(rejected))).toMatch(/^VETOED/);
  });

  it('is decided by the officers of the newest policy that the inputs know', async () => {
    const next = nextPolicy(bench, (policy) => ({
      ...policy,
      officers: policy.officers.filter(({ person }) => person !== 'bob'),
    }));
    const policies = [bench.fixture.policy, next];
    const second = waveOver(bench, { version: 42, policies, approvals: ['alice', 'carol'] });
    await bench.signer.sign(second.lines);
    const { lines } = await bench.signer.journalOf(second.sha256);
    const { signatures } = await bench.signer.sign(second.lines);
    const made = bench.fixture.dossier({
      wave: second,
      approvals: ['alice', 'carol'],
      parts: (parts) => ({
        ...parts,
        ...{ policies: policies.map(serializePolicy), signatures, journal: lines, productionTargets: null },
      }),
    });
    const evidence = [{ name: 'second', lines: () => made }];
    await putBack(bench, null);
    const file = await draft(bench, { evidence });
    expect(file.recovery.policy.version).toBe(2);
    expect(await rejectionOf(apply(bench, signed(bench, file, ['alice', 'bob']), { evidence }))).toMatch(
      /^QUORUM_NOT_MET/,
    );
    await apply(bench, signed(bench, file, ['alice', 'carol']), { evidence });
    await bench.restart();
    expect((await bench.signer.status(false)).policy.version).toBe(2);
  });

  it('is noticed when it is put back to before it, and can be done again', async () => {
    const evidence = [await signWave(bench, wave(42), { published: true })];
    await putBack(bench, null);
    const before = copyJournal(bench);
    await recover(bench, { evidence });
    const receipt = await receiptOf(wave(43));
    evidence.push(await signWave(bench, wave(43)));
    await putBack(bench, before);
    await bench.restart();
    const next = bench.fixture.dossier({ wave: wave(44) });
    expect(await rejectionOf(bench.signer.sign(next, receipt))).toMatch(/^JOURNAL_INCOMPLETE/);
    await bench.stop();
    await recover(bench, { evidence });
    await expect(bench.signer.sign(next, receipt)).resolves.toBeDefined();
  });

  it('keeps a damaged journal beside the new one', async () => {
    const first = wave(42);
    const evidence = [await signWave(bench, first)];
    const later = wave(43);
    evidence.push(await signWave(bench, later));
    await bench.stop();
    const whole = copyJournal(bench);
    const damaged = whole.replace(requestId(43), requestId(44));
    writeFileSync(bench.journalPath, damaged);
    expect(await rejectionOf(bench.restart())).toMatch(/^JOURNAL_DAMAGED/);
    const { recovery } = await recover(bench, { evidence });
    expect(recovery.journal.damagedLine).toBe(whole.split('\n').findIndex((line) => line.includes(requestId(43))) + 1);
    // what stands before the damage needs no recovery
    expect(recovery.requests).toMatchObject([{ id: requestId(43) }]);
    const kept = readdirSync(bench.stateDir).filter((name) => name.startsWith('journal.damaged-'));
    expect(kept).toHaveLength(1);
    expect(readFileSync(`${bench.stateDir}/${kept[0] ?? ''}`, 'utf8')).toBe(damaged);
    expect(await rejectionOf(sign(other(43)))).toMatch(/^WATERMARK_ISSUED/);
  });
});

describe('a recovery is refused', () => {
  let inputs: Inputs;
  beforeEach(async () => {
    inputs = { evidence: [await signWave(bench, wave(42))] };
    await putBack(bench, null);
  });

  const file = async () => signed(bench, await draft(bench, inputs));
  const refused = async (...args: Parameters<typeof apply>): Promise<string> => {
    const before = copyJournal(bench);
    const code = await rejectionOf(apply(...args));
    expect(copyJournal(bench)).toBe(before);
    return code;
  };

  it('without the quorum: one officer, one officer twice, a stranger, another purpose, another text', async () => {
    const drafted = await draft(bench, inputs);
    const stranger = parseRecoveryFile(
      serializeRecoveryFile(drafted.recovery, drafted.policies.map(serializePolicy), [
        ...signed(bench, drafted, ['alice']).signatures,
        // bob's own signature in carol's name
        ...signed(bench, drafted, ['bob']).signatures.map(({ sshsig }) => ({ person: 'carol', sshsig })),
      ]),
    );
    const moved = { ...signed(bench, drafted), recovery: drafted.recovery };
    const reasoned = { ...drafted.recovery, reason: 'another reason' };
    for (const wrong of [
      drafted,
      signed(bench, drafted, ['alice']),
      signed(bench, drafted, ['alice', 'alice']),
      signed(bench, drafted, ['alice', 'bob'], NAMESPACES.policy),
      stranger,
      parseRecoveryFile(serializeRecoveryFile(reasoned, drafted.policies.map(serializePolicy), moved.signatures)),
    ]) {
      expect(await refused(bench, wrong, inputs)).toMatch(/^QUORUM_NOT_MET/);
    }
  });

  it('with other files than it was drafted from', async () => {
    const ready = await file();
    expect(await refused(bench, ready, {})).toMatch(/^RECOVERY_MISMATCH \/signed\/roots/);
    const more = { ...inputs, published: [shown(bench, wave(42).document)] };
    expect(await refused(bench, ready, more)).toMatch(/^RECOVERY_MISMATCH \/signed\/published/);
  });

  it('after the journal went on', async () => {
    const ready = await file();
    await bench.restart();
    await bench.signer.sign(bench.fixture.dossier({ wave: wave(43) }));
    await bench.stop();
    expect(await refused(bench, ready, inputs)).toMatch(/^RECOVERY_MISMATCH \/signed\/journal/);
  });

  it('too late, and by a clock that is behind', async () => {
    const ready = await file();
    const hour = 3_600_000;
    const now = (ms: number) => ({ now: new Date(bench.now.getTime() + ms) });
    expect(await refused(bench, ready, inputs, now(hour))).toMatch(/^RECOVERY_EXPIRED/);
    expect(await refused(bench, ready, inputs, now(-hour))).toMatch(/^SIGNER_CLOCK/);
  });

  it('twice', async () => {
    const ready = await file();
    await apply(bench, ready, inputs);
    expect(await refused(bench, ready, inputs)).toMatch(/^RECOVERY_MISMATCH/);
    expect(await rejectionOf(draft(bench, inputs))).toMatch(/^RECOVERY_INVALID/);
  });

  it('while the signer runs', async () => {
    const ready = await file();
    await bench.restart();
    expect(await rejectionOf(draft(bench, inputs))).toMatch(/^SIGNER_BUSY/);
    expect(await refused(bench, ready, inputs)).toMatch(/^SIGNER_BUSY/);
  });

  it('from evidence that does not hold, or whose approvals are not all there', async () => {
    await bench.restart();
    const alone = await signWave(bench, wave(43), { approvals: ['alice'] }).then((made) => made);
    await putBack(bench, null);
    expect(await rejectionOf(draft(bench, { evidence: [alone] }))).toMatch(/^(QUORUM_NOT_MET|EVIDENCE_INVALID)/);
    const [good] = inputs.evidence ?? [];
    const forged = [...((good?.lines() ?? []) as string[])].map((line) => line.replaceAll('"alice', '"mallory'));
    expect(await rejectionOf(draft(bench, { evidence: [{ name: 'forged', lines: () => forged }] }))).not.toBe(
      'RESOLVED',
    );
  });

  it('in the journal too: one that somebody wrote there without the officers does not start', async () => {
    const ready = await draft(bench, inputs);
    await bench.restart();
    const body: JournalBody = { type: 'recovery', text: ready.text, signatures: [] };
    expect(await rejectionOf(bench.journal.append(bench.now, [body]))).toMatch(/^JOURNAL_WRITE_FAILED/);
    await bench.stop();
    expect(await rejectionOf(verifyJournal(bench.journalPath))).toMatch(/^JOURNAL_DAMAGED/);
  });
});

describe('a crash while a recovery is applied', () => {
  it.each(['recover:written', 'recover:kept', 'recover:renamed'] as const)(
    'at %s leaves the journal of before or of after, and it can be applied or is',
    async (step) => {
      const evidence = [await signWave(bench, wave(42)), await signWave(bench, wave(43))];
      await bench.stop();
      writeFileSync(bench.journalPath, copyJournal(bench).replace(requestId(43), requestId(44)));
      const file = signed(bench, await draft(bench, { evidence }));
      const undo = snapshot(bench);
      await apply(bench, file, { evidence });
      const after = copyJournal(bench);
      undo();
      const before = copyJournal(bench);
      const dies = apply(
        bench,
        file,
        { evidence },
        {
          onStep: (now) => {
            if (now === step) throw new Crash(step);
          },
        },
      );
      expect(await rejectionOf(dies)).toMatch(/^JOURNAL_WRITE_FAILED/);
      expect(copyJournal(bench)).toBe(step === 'recover:renamed' ? after : before);
      if (step !== 'recover:renamed') await apply(bench, file, { evidence });
      expect(copyJournal(bench)).toBe(after);
      expect(readdirSync(bench.stateDir).filter((name) => name.startsWith('journal.damaged-'))).toHaveLength(1);
      await bench.restart();
      expect(await rejectionOf(sign(other(43)))).toMatch(/^WATERMARK_ISSUED/);
    },
  );
});
