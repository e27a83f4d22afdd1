import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyDossier } from '../../../src/dossier/index.js';
import type { Policy } from '../../../src/policy/index.js';
import { describeRecovery } from '../../../src/recovery/index.js';
import { verifyJournal } from '../../../src/signer/journal/index.js';
import type { EvidenceFile } from '../../../src/signer/recover/index.js';
import type { SignerStep } from '../../../src/signer/server/steps.js';
import {
  formatTime,
  parseOfflineBundle,
  serializeMetadata,
  sha256Hex,
  verifySignature,
} from '../../../src/tuf/index.js';
import {
  allowBundles,
  bundlesOver,
  type BundleDossierOptions,
  type BundleFixture,
} from '../../support/bundle-fixture.js';
import { metadataText } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import {
  Crash,
  DAY_MS,
  publishedBy,
  requestId,
  signerBench,
  type BenchOptions,
  type SignerBench,
  waveOver,
} from '../../support/signer-bench.js';
import { tufKey, type TufKey } from '../../support/tuf-key.js';
import { putBack, recover } from '../recover/recover-bench.js';

const HOUR_MS = 60 * 60 * 1000;
/** RSA-PSS signatures differ each time, so that one that was made twice is seen. */
const key = tufKey('RSA');

const EXTRACTABLE = { sensitive: true, extractable: true, alwaysSensitive: true, neverExtractable: false, local: true };

let bench: SignerBench;
/** Bundles beside the targets of Wave w42, which the token has signed. */
let bundles: BundleFixture;
/** Of w42, as a service would have kept it. */
let waveEvidence: EvidenceFile;

async function start(options: BenchOptions = {}): Promise<void> {
  bench = await signerBench({ key, changePolicy: allowBundles, ...options });
  const wave = waveOver(bench, { version: 42 });
  const { signatures } = await bench.signer.sign(wave.lines);
  const evidence = bench.fixture.dossier({
    wave,
    parts: (parts) => ({ ...parts, productionTargets: null, signatures }),
  });
  waveEvidence = { name: 'w42', lines: () => evidence };
  bundles = bundlesOver(bench.fixture, publishedBy(bench, wave.document));
}

beforeEach(() => start());
afterEach(() => bench.remove());

const sign = (options: BundleDossierOptions = {}) => bench.signer.sign(bundles.dossier(options));
const refusal = (options: BundleDossierOptions = {}) => rejectionOf(sign(options));
const watermarks = async () => (await bench.signer.status(false)).watermarks;
/** Another bundle, asked for by another request. */
const other = (version = 2): BundleDossierOptions => ({ bundle: bundles.bundle({ version }), id: requestId(version) });

const entries = (type: string): string[] =>
  readFileSync(bench.journalPath, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"type":"${type}"`) && line.includes('"kind":"bundle"') === (type === 'intent'));

/** The signatures of bundles that stand in the journal; that of w42 stands there before. */
const signaturesMade = (): number => entries('signature').length - 1;

/** Published targets of a version that no statement asked for, signed with our key. */
function showStolen(version: number): Promise<string> {
  const metadata = metadataText(publishedBy(bench, waveOver(bench, { version }).document));
  return rejectionOf(bench.signer.published({ factory: 'acme', tag: 'production', metadata }));
}

function veto(person = 'carol') {
  const { text: statement } = bundles.statement();
  const { text: rejection, sshsig } = bench.fixture.reject(person, statement, 'no sticks');
  return bench.signer.veto({ statement, rejection, sshsig });
}

describe('an offline bundle', () => {
  it('is signed with the key in the token, over its bytes as they came', async () => {
    const { signatures, journal } = await sign();
    expect(signatures).toMatchObject([{ document: 0, keyid: key.keyid, signedAt: '2026-11-22T16:00:00Z' }]);
    const { signedBytes } = parseOfflineBundle(bundles.bundle());
    for (const signature of signatures) verifySignature(key.key, signature, signedBytes);
    expect(entries('intent')).toHaveLength(1);
    const { seq, hash } = bench.journal.state.head;
    expect(journal).toEqual({ seq, hash });
    await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ entries: seq, headHash: hash });
  });

  it('raises no watermark and asks for none: of one version there may be many, beside older targets too', async () => {
    const before = await watermarks();
    for (const days of [29, 30]) {
      const expires = formatTime(new Date(bench.now.getTime() + days * DAY_MS));
      await sign({ bundle: bundles.bundle({ expires }), id: requestId(days) });
    }
    expect(await watermarks()).toEqual(before);
    const next = waveOver(bench, { version: 43 });
    await bench.signer.sign(next.lines);
    const metadata = metadataText(publishedBy(bench, next.document));
    await bench.signer.published({ factory: 'acme', tag: 'production', metadata });
    const after = await watermarks();
    await sign(other());
    expect(await watermarks()).toEqual(after);
    await bench.restart();
    expect(await watermarks()).toEqual(after);
  });

  it('once signed gives the very same signature, also from the journal and after everything has expired', async () => {
    const first = await sign();
    await expect(sign({ approvals: ['carol', 'alice'] })).resolves.toEqual(first);
    await bench.restart();
    bench.token.hold([]);
    for (const days of [40, -40]) {
      bench.now = new Date(bench.fixture.now.getTime() + days * DAY_MS);
      await expect(sign()).resolves.toEqual(first);
    }
    expect(signaturesMade()).toBe(1);
  });

  it('proves by the journal when and by whom it was decided', async () => {
    const { signatures, journal } = await sign();
    const { lines } = await bench.signer.journalOf(sha256Hex(bundles.statement().text));
    const evidence = bundles.dossier({ parts: (parts) => ({ ...parts, signatures, journals: [lines] }) });
    const verified = await verifyDossier(evidence, bench.fixture.pins, new Date('2050-01-01T00:00:00Z'));
    expect(verified.journal).toMatchObject({ head: journal, intent: { persons: ['alice', 'bob'] } });
  });
});

describe('an offline bundle is not signed', () => {
  afterEach(() => {
    expect(signaturesMade()).toBe(0);
  });

  it.each<[string, () => BundleDossierOptions, string]>([
    ['that one officer approved', () => ({ approvals: ['alice'] }), 'QUORUM_NOT_MET'],
    ['that an officer rejected', () => ({ rejections: ['carol'] }), 'REJECTED'],
    [
      'that would live longer than the policy allows',
      () => ({
        changeStatement: (statement) => ({
          ...statement,
          created: formatTime(new Date(bench.now.getTime() - HOUR_MS)),
          expires: formatTime(new Date(bench.now.getTime() + HOUR_MS)),
        }),
      }),
      'EXPIRES_BEYOND_POLICY',
    ],
    [
      'for another Factory',
      () => ({ changeStatement: (statement) => ({ ...statement, factory: 'umbrella' }) }),
      'FACTORY_NOT_IN_POLICY',
    ],
    [
      'for another service',
      () => ({ changeStatement: (statement) => ({ ...statement, service: '0'.repeat(64) }) }),
      'STATEMENT_OTHER_SERVICE',
    ],
    [
      'as a Wave, whatever was approved',
      () => ({ changeStatement: (statement) => ({ ...statement, kind: 'wave' }) }),
      'STATEMENT_INVALID',
    ],
    [
      'under the id of another request',
      () => ({ id: requestId(42) }), // of w42
      'REQUEST_ID_REUSED',
    ],
  ])('%s', async (_what, options, code) => {
    expect((await refusal(options())).split(' ')[0]).toBe(code);
  });

  it('for less than the quorum of its own kind', async () => {
    await bench.remove();
    await start({
      changePolicy: (policy: Policy) => ({
        ...policy,
        kinds: { ...policy.kinds, bundle: { quorum: 3, maxExpiresDays: 30, singleOfficer: false } },
      }),
    });
    expect(await refusal()).toMatch(/^QUORUM_NOT_MET/);
  });

  it('after a rejection, also if that is left out or was sent on its own', async () => {
    await refusal({ rejections: ['carol'] });
    expect(await refusal()).toMatch(/^VETOED/);
    const next = other();
    const { text } = bundles.statement(next);
    const { text: rejection, sshsig } = bench.fixture.reject('bob', text, 'no');
    await bench.signer.veto({ statement: text, rejection, sshsig });
    await bench.restart();
    expect(await refusal(next)).toMatch(/^VETOED/);
  });

  it.each<[string, Parameters<SignerBench['token']['hold']>[0][number], string]>([
    ['of the role root', { pair: key, role: 'root' }, 'KEY_ROLE_MISMATCH'],
    ['of another Factory', { pair: key, factory: 'umbrella' }, 'KEY_ROLE_MISMATCH'],
    ['in another token than the policy names', { pair: key, change: { token: { label: 'x', serial: '1' } } }, 'KEY_'],
    ['that can leave its token', { pair: key, change: { attributes: EXTRACTABLE } }, 'KEY_ATTRIBUTES'],
  ])('with a key %s', async (_what, held, code) => {
    bench.token.hold([held]);
    await bench.restart();
    expect(await refusal()).toMatch(new RegExp(`^${code}`));
  });

  it('while the role is frozen, and not by an intent that was written before', async () => {
    bench.onStep = (step) => {
      if (step === 'sign:intended') throw new Crash(step);
    };
    await expect(sign()).rejects.toThrow(Crash);
    bench.onStep = undefined;
    await bench.restart();
    expect(await showStolen(45)).toMatch(/^ROLE_FROZEN/);
    expect(await refusal()).toMatch(/^ROLE_FROZEN/);
    expect(await refusal(other())).toMatch(/^ROLE_FROZEN/);
  });

  it('beside targets that our key signed behind the journal’s back, which freezes the role', async () => {
    const stolen = bundlesOver(bench.fixture, publishedBy(bench, waveOver(bench, { version: 45 }).document));
    expect(await rejectionOf(bench.signer.sign(stolen.dossier()))).toMatch(/^ROLE_FROZEN/);
    expect(await refusal()).toMatch(/^ROLE_FROZEN/);
  });

  it('if a veto or a freeze overtook its signature', async () => {
    bench.token.signBy(async (_, right) => {
      await expect(veto()).resolves.toMatchObject({ signed: false });
      return right();
    });
    expect(await refusal()).toMatch(/^VETOED/);
    bench.token.signBy(async (_, right) => {
      expect(await showStolen(45)).toMatch(/^ROLE_FROZEN/);
      return right();
    });
    expect(await refusal(other())).toMatch(/^ROLE_FROZEN/);
  });
});

it('a bundle that came with a signature by a key of ours that the journal does not know freezes the role', async () => {
  await bench.remove();
  const second = tufKey();
  const hold = (pair: TufKey) => ({ pair });
  await start({ offlineKeys: [key, second] });
  bench.token.hold([key, second].map(hold));
  await bench.restart();
  const { signatures, signedBytes } = parseOfflineBundle(bundles.bundle());
  const bundle = serializeMetadata({ signatures: [...signatures, second.sign(signedBytes)], signedBytes });
  expect(await refusal({ bundle, sign: [key.keyid] })).toMatch(/^ROLE_FROZEN/);
});

describe('a signer that dies while it signs a bundle', () => {
  const STEPS: [SignerStep, boolean, boolean][] = [
    ['sign:decided', false, false],
    ['journal:intent', true, false],
    ['sign:made', true, false],
    ['journal:signature', true, true],
  ];
  it.each(STEPS)('at %s: signs the same bytes once more or gives what it has', async (fatal, isIntended, isSigned) => {
    bench.onStep = (step) => {
      if (step === fatal) throw new Crash(step);
    };
    await expect(sign()).rejects.toThrow();
    bench.onStep = undefined;
    await bench.restart();
    expect(entries('intent')).toHaveLength(isIntended ? 1 : 0);
    expect(signaturesMade()).toBe(isSigned ? 1 : 0);
    const result = await sign();
    expect([entries('intent').length, signaturesMade()]).toEqual([1, 1]);
    expect(entries('signature').at(-1)).toContain(result.signatures[0]?.sig);
    const { signedBytes } = parseOfflineBundle(bundles.bundle());
    expect(bench.token.signed.slice(1).every(({ payload }) => payload.equals(signedBytes))).toBe(true);
    await bench.restart();
    await expect(sign()).resolves.toEqual(result);
  });

  it('finishes it though its tag has gone on meanwhile, and not once it was rejected', async () => {
    const late = [other(2), other(3)] as const;
    bench.onStep = (step) => {
      if (step === 'sign:intended') throw new Crash(step);
    };
    for (const one of late) await expect(sign(one)).rejects.toThrow(Crash);
    bench.onStep = undefined;
    await bench.restart();
    await bench.signer.sign(waveOver(bench, { version: 43 }).lines);
    expect((await sign(late[0])).signatures).toHaveLength(1);
    expect(await refusal({ ...late[1], rejections: ['bob'] })).toMatch(/^VETOED/);
  });
});

describe('a recovery of a journal with a bundle in it', () => {
  it.each(['lost', 'older'])(
    'that is %s gives the same signature again, and watermarks of Waves alone',
    async (what) => {
      const copy = what === 'older' ? readFileSync(bench.journalPath, 'utf8') : null;
      const { text } = bundles.statement();
      const first = await sign();
      const before = await bench.signer.journalOf(sha256Hex(text));
      const evidence = bundles.dossier({
        parts: (parts) => ({ ...parts, signatures: first.signatures, journals: [before.lines] }),
      });
      await putBack(bench, copy);
      const { recovery } = await recover(bench, {
        evidence: [waveEvidence, { name: 'bundle', lines: () => evidence }],
      });
      expect(recovery.requests.map(({ kind }) => kind)).toContain('bundle');
      expect(describeRecovery(recovery)).toContain('bundle');
      await expect(sign()).resolves.toMatchObject({ signatures: first.signatures });
      expect(await bench.signer.journalOf(sha256Hex(text))).toEqual(before);
      expect(await watermarks()).toMatchObject([{ issued: { version: 42 }, published: null }]);
      expect(await refusal({ id: requestId(42) })).toMatch(/^REQUEST_ID_REUSED/);
      await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ entries: bench.journal.state.head.seq });
      expect(bench.token.signed).toHaveLength(2);
    },
  );
});
