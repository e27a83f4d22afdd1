import { afterEach, describe, expect, it } from '@jest/globals';
import { verifyDossier } from '../../../src/dossier/index.js';
import { isCountersignError } from '../../../src/errors.js';
import { decide } from '../../../src/signer/decide/index.js';
import { encodeCanonical } from '../../../src/tuf/index.js';
import { createFixture, metadataText, signTargets } from '../../support/factory-fixture.js';
import {
  type BenchOptions,
  DAY_MS,
  nextPolicy,
  nextRoots,
  publishedBy,
  requestId,
  signerBench,
  type SignerBench,
  type WaveOver,
  waveOver,
} from '../../support/signer-bench.js';
import { softToken } from '../../support/soft-token-pool.js';
import { tufKey } from '../../support/tuf-key.js';

let bench: SignerBench;
afterEach(async () => bench.remove());

/** The code that a dossier is refused with; the signatures' number if it is signed. */
async function outcome(lines: readonly string[]): Promise<string | number> {
  try {
    return (await bench.signer.sign(lines)).signatures.length;
  } catch (error) {
    if (isCountersignError(error)) return error.code;
    throw error;
  }
}

interface Rule {
  /** What is wrong; everything else is right. */
  readonly rule: string;
  readonly code: string;
  readonly options?: () => BenchOptions;
  /** Makes the dossier, after whatever has to happen before. */
  readonly dossier: () => readonly string[] | Promise<readonly string[]>;
}

const other = tufKey();
const shared = tufKey();

const RULES: readonly Rule[] = [
  {
    rule: 'a policy that is not the pinned one',
    code: 'POLICY_NOT_PINNED',
    dossier: () => createFixture({ productionVersion: null, offlineKeys: [bench.key] }).dossier(),
  },
  {
    rule: 'a statement of another service',
    code: 'STATEMENT_OTHER_SERVICE',
    dossier: () => changed((statement) => ({ ...statement, service: 'f'.repeat(64) })),
  },
  {
    rule: 'a Factory that the policy does not name',
    code: 'FACTORY_NOT_IN_POLICY',
    dossier: () => changed((statement) => ({ ...statement, factory: 'other' })),
  },
  {
    rule: 'a statement that has expired',
    code: 'STATEMENT_EXPIRED',
    dossier: () => {
      bench.now = new Date(bench.now.getTime() + DAY_MS);
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'a statement that expires while its dossier is still arriving',
    code: 'STATEMENT_EXPIRED',
    dossier: () => {
      bench.onStep = (step) => {
        if (step === 'sign:verified') bench.now = new Date(bench.now.getTime() + DAY_MS);
      };
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'a policy older than one that was seen, though its approvals would do',
    code: 'VERSION_ROLLBACK',
    dossier: async () => {
      const policies = [bench.fixture.policy, nextPolicy(bench)];
      expect(await outcome(waveOver(bench, { version: 41, policies }).lines)).toBe(1);
      return waveOver(bench, { version: 42 }).lines;
    },
  },
  {
    rule: 'a policy older than one that came in a dossier that was refused',
    code: 'VERSION_ROLLBACK',
    dossier: async () => {
      const policies = [bench.fixture.policy, nextPolicy(bench)];
      expect(await outcome(waveOver(bench, { version: 41, policies, approvals: [] }).lines)).toBe('QUORUM_NOT_MET');
      return waveOver(bench, { version: 42 }).lines;
    },
  },
  {
    rule: 'a second policy of a version that was seen',
    code: 'POLICY_CHAIN_BROKEN',
    dossier: async () => {
      await outcome(waveOver(bench, { version: 41, policies: [bench.fixture.policy, nextPolicy(bench)] }).lines);
      const fork = nextPolicy(bench, (policy) => ({ ...policy, created: '2026-11-22T15:00:00Z' }));
      return waveOver(bench, { version: 42, policies: [bench.fixture.policy, fork] }).lines;
    },
  },
  {
    rule: 'roots older than those that were seen',
    code: 'VERSION_ROLLBACK',
    dossier: async () => {
      expect(await outcome(waveOver(bench, { version: 41, roots: nextRoots(bench) }).lines)).toBe(1);
      return waveOver(bench, { version: 42 }).lines;
    },
  },
  {
    rule: 'a second root of a version that was seen',
    code: 'ROOT_NOT_TRUSTED',
    dossier: async () => {
      await outcome(waveOver(bench, { version: 41, roots: nextRoots(bench) }).lines);
      return waveOver(bench, { version: 42, roots: nextRoots(bench, 2) }).lines;
    },
  },
  {
    rule: 'keys that are all held elsewhere',
    code: 'KEY_NOT_FOUND',
    options: () => ({ offlineKeys: [other] }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a key that was made for another role',
    code: 'KEY_ROLE_MISMATCH',
    options: () => ({ tokenKey: { role: 'root' } }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a key that was made for another role and relabelled since',
    code: 'KEY_ROLE_MISMATCH',
    options: () => ({ tokenKey: { role: 'root' } }),
    dossier: async () => {
      bench.token.hold([{ pair: bench.key, role: 'targets' }]);
      await bench.restart();
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'a key that is relabelled to another role now',
    code: 'KEY_ROLE_MISMATCH',
    dossier: async () => {
      bench.token.hold([{ pair: bench.key, role: 'root' }]);
      await bench.restart();
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'a key of another Factory',
    code: 'KEY_ROLE_MISMATCH',
    options: () => ({ tokenKey: { factory: 'other' } }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a key in a token that the policy does not name for the role',
    code: 'KEY_ROLE_MISMATCH',
    options: () => ({ tokenLabel: 'another' }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a token with the right label and another serial number than the policy says',
    code: 'KEY_ROLE_MISMATCH',
    options: () => ({
      changePolicy: (policy) => ({
        ...policy,
        factories: policy.factories.map((factory) => ({
          ...factory,
          tokens: [{ label: 'targets', serial: 'soft-0002', roles: ['targets'] }],
        })),
      }),
    }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a key that went from its token',
    code: 'KEY_NOT_FOUND',
    dossier: async () => {
      bench.token.hold([]);
      await bench.restart();
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'a key whose token is not there at the moment',
    code: 'TOKEN_UNAVAILABLE',
    dossier: async () => {
      bench.token.setState('unavailable');
      await bench.restart();
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'a key that is in two tokens',
    code: 'KEY_AMBIGUOUS',
    options: () => ({ key: shared, extraTokens: [softToken({ label: 'copy', keys: [{ pair: shared }] })] }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'one key under two keyids',
    code: 'KEY_AMBIGUOUS',
    options: () => ({ key: shared, offlineKeys: [shared, { keyid: 'alias', key: shared.key }] }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a key that can be taken out of its token',
    code: 'KEY_ATTRIBUTES',
    options: () => ({
      tokenKey: {
        change: {
          attributes: {
            sensitive: true,
            extractable: true,
            alwaysSensitive: true,
            neverExtractable: true,
            local: true,
          },
        },
      },
    }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a document longer than the token signs',
    code: 'TOKEN_MESSAGE_LIMIT',
    options: () => ({ tokenKey: { change: { maxMessageBytes: 1000 } } }),
    dossier: () => bench.fixture.dossier(),
  },
  {
    rule: 'a statement that an officer rejected before',
    code: 'VETOED',
    dossier: async () => {
      const wave = bench.fixture.wave();
      const { text, sshsig } = bench.fixture.reject('carol', wave.text, 'not this week');
      await bench.signer.veto({ statement: wave.text, rejection: text, sshsig });
      return bench.fixture.dossier({ wave });
    },
  },
  {
    rule: 'a rejection in the dossier, whatever the approvals',
    code: 'REJECTED',
    dossier: () => bench.fixture.dossier({ rejections: [{ person: 'carol', reason: 'not this week' }] }),
  },
  {
    rule: 'a rejection that stood in an earlier dossier and is left out of this one',
    code: 'VETOED',
    dossier: async () => {
      const wave = bench.fixture.wave();
      await outcome(bench.fixture.dossier({ wave, rejections: [{ person: 'carol', reason: 'not this week' }] }));
      return bench.fixture.dossier({ wave });
    },
  },
  {
    rule: 'one approval of two',
    code: 'QUORUM_NOT_MET',
    dossier: () => bench.fixture.dossier({ approvals: ['alice'] }),
  },
  {
    rule: 'production targets older than those that were built on before',
    code: 'STALE_BASE',
    dossier: async () => {
      const [first, second] = await publishedWaves();
      expect(await outcome(waveOver(bench, { version: 44, productionTargets: second }).lines)).toBe(1);
      return waveOver(bench, { version: 45, productionTargets: first }).lines;
    },
  },
  {
    rule: 'no production targets though some were built on before',
    code: 'STALE_BASE',
    dossier: async () => {
      const [first] = await publishedWaves();
      expect(await outcome(waveOver(bench, { version: 44, productionTargets: first, ...superseding(43) }).lines)).toBe(
        1,
      );
      return waveOver(bench, { version: 45 }).lines;
    },
  },
  {
    rule: 'production targets of a version that is known with other bytes',
    code: 'WATERMARK_PUBLISHED',
    dossier: async () => {
      const [first] = await publishedWaves();
      await bench.signer.published({
        factory: 'acme',
        tag: 'production',
        metadata: metadataText(first),
      });
      const expires = '2027-05-05T05:05:05Z';
      const twin = { ...first.signed, expires };
      return waveOver(bench, { version: 44, productionTargets: signTargets(twin, [bench.fixture.keys.online, helper]) })
        .lines;
    },
    options: () => ({ offlineKeys: [shared, helper], key: shared }),
  },
  {
    rule: 'other bytes of a version that is published',
    code: 'WATERMARK_PUBLISHED',
    dossier: async () => {
      await activeWave();
      return waveOver(bench, { version: 42, expires: '2027-05-05T05:05:05Z', ...superseding(42) }).lines;
    },
  },
  {
    rule: 'a version below one that is published, also if the officers supersede everything that was issued',
    code: 'WATERMARK_PUBLISHED',
    dossier: async () => {
      await activeWave();
      return waveOver(bench, { version: 41, ...superseding(41) }).lines;
    },
  },
  {
    rule: 'other bytes of a version that was issued',
    code: 'WATERMARK_ISSUED',
    dossier: async () => {
      expect(await outcome(waveOver(bench, { version: 42 }).lines)).toBe(1);
      return waveOver(bench, { version: 42, id: requestId(1), expires: '2027-05-05T05:05:05Z' }).lines;
    },
  },
  {
    rule: 'a version below one that was issued',
    code: 'WATERMARK_ISSUED',
    dossier: async () => {
      expect(await outcome(waveOver(bench, { version: 42 }).lines)).toBe(1);
      return waveOver(bench, { version: 41 }).lines;
    },
  },
  {
    rule: 'a version that was issued twice, of which the statement names one',
    code: 'WATERMARK_ISSUED',
    dossier: async () => {
      const first = waveOver(bench, { version: 42 });
      expect(await outcome(first.lines)).toBe(1);
      const second = waveOver(bench, {
        version: 42,
        id: requestId(1),
        expires: '2027-05-05T05:05:05Z',
        supersedes: { statement: first.sha256, documents: [first.statement.documents[0].sha256] },
      });
      expect(await outcome(second.lines)).toBe(1);
      return waveOver(bench, {
        version: 42,
        id: requestId(2),
        expires: '2027-06-06T06:06:06Z',
        supersedes: { statement: second.sha256, documents: [second.statement.documents[0].sha256] },
      }).lines;
    },
  },
  {
    rule: 'a request id that was signed with another statement',
    code: 'REQUEST_ID_REUSED',
    dossier: async () => {
      expect(await outcome(waveOver(bench, { version: 41, id: requestId(7) }).lines)).toBe(1);
      return waveOver(bench, { version: 42, id: requestId(7) }).lines;
    },
  },
  {
    rule: 'a clock behind the journal',
    code: 'SIGNER_CLOCK',
    dossier: () => {
      bench.now = new Date(bench.fixture.now.getTime() - 1000);
      return bench.fixture.dossier();
    },
  },
  {
    rule: 'production targets that our key signed and the journal does not know',
    code: 'ROLE_FROZEN',
    dossier: () => {
      const stolen = targetsOf(41);
      return waveOver(bench, { productionTargets: publishedBy(bench, stolen) }).lines;
    },
  },
  {
    rule: 'CI targets that our key signed',
    code: 'ROLE_FROZEN',
    dossier: () =>
      bench.fixture.dossier({
        // not by the key that also signed the CI targets: a statement may not name an online key
        wave: bench.fixture.wave({ sign: [helper.keyid] }),
        parts: (parts) => ({
          ...parts,
          ciTargets: metadataText(signTargets(bench.fixture.ciTargets.signed, [bench.key, bench.fixture.keys.online])),
        }),
      }),
    options: () => ({ offlineKeys: [shared, helper], key: shared }),
  },
  {
    rule: 'a signature line of our key that the journal does not know',
    code: 'ROLE_FROZEN',
    dossier: () => {
      const wave = bench.fixture.wave();
      const signature = bench.key.sign(wave.document);
      const signedAt = '2026-11-22T16:00:00Z';
      return bench.fixture.dossier({
        wave,
        parts: (parts) => ({ ...parts, signatures: [{ document: 0, ...signature, signedAt }] }),
      });
    },
  },
  {
    rule: 'a published document with a signature of our key that the journal does not know',
    code: 'ROLE_FROZEN',
    dossier: () => {
      const wave = bench.fixture.wave();
      return bench.fixture.dossier({
        wave,
        parts: (parts) => ({ ...parts, published: metadataText(publishedBy(bench, wave.document)) }),
      });
    },
  },
];

/** An offline targets key that another signer holds. */
const helper = tufKey();

/** Signs Wave 42 and has it active at the Factory, so that the tag's production targets are what they were. */
async function activeWave(): Promise<void> {
  const wave = waveOver(bench, { version: 42 });
  expect(await outcome(wave.lines)).toBe(1);
  const metadata = metadataText(publishedBy(bench, wave.document));
  await bench.signer.published({ factory: 'acme', tag: 'production', wave: 'w42', metadata });
}

/** Signs Waves 42 and, superseding nothing, 43, each on the one before; gives what the Factory publishes of them. */
async function publishedWaves() {
  const first = waveOver(bench, { version: 42 });
  expect(await outcome(first.lines)).toBeGreaterThan(0);
  const productionTargets = publishedBy(bench, first.document);
  const second = waveOver(bench, { version: 43, productionTargets });
  expect(await outcome(second.lines)).toBeGreaterThan(0);
  return [productionTargets, publishedBy(bench, second.document)] as const;
}

/** Names everything that was issued at that version or above it, in a request of its own. */
function superseding(version: number): Pick<WaveOver, 'id' | 'supersedes'> {
  const documents = Array.from(bench.journal.state.watermarks)
    .flatMap(({ issued }) => issued)
    .filter((issued) => issued.version >= version)
    .map(({ sha256 }) => sha256);
  return { id: requestId(900 + version), supersedes: { statement: '0'.repeat(64), documents } };
}

function targetsOf(version: number): Buffer {
  const { fixture } = bench;
  const targets = Object.fromEntries(
    Object.entries(fixture.ciTargets.signed.targets)
      .filter(([, { custom }]) => custom?.['version'] === String(version))
      .map(([name, entry]) => [name, { ...entry, custom: { ...entry.custom, tags: ['production'] } }]),
  );
  return encodeCanonical({ _type: 'Targets', expires: '2027-05-05T05:05:05Z', targets, version });
}

type Change = NonNullable<Parameters<SignerBench['fixture']['wave']>[0]>['changeStatement'];

function changed(changeStatement: NonNullable<Change>): readonly string[] {
  return bench.fixture.dossier({ wave: bench.fixture.wave({ changeStatement }) });
}

describe('decide, when all else is right', () => {
  for (const { rule, code, options, dossier } of RULES) {
    it(`refuses ${rule}: ${code}`, async () => {
      bench = await signerBench(options?.());
      const lines = await dossier();
      const before = bench.token.signed.length;
      expect(await outcome(lines)).toBe(code);
      expect(bench.token.signed).toHaveLength(before);
    });
  }

  it('decides the same again and writes nothing itself', async () => {
    bench = await signerBench();
    const { fixture, journal, token } = bench;
    const dossier = await verifyDossier(fixture.dossier(), fixture.pins, bench.now, { judgeBy: 'clock' });
    const circumstances = {
      now: bench.now,
      keys: await token.keys(),
      allTokensRead: true,
      absent: new Set<string>(),
      canaries: new Set<string>(),
    };
    const decision = decide(dossier, journal.state, circumstances);
    expect(decision).toMatchObject({
      outcome: 'sign',
      intent: {
        kind: 'wave',
        persons: ['alice', 'bob'],
        documents: [{ version: 42, tag: 'production', sign: [{ keyid: bench.key.keyid, key: bench.key.keyid }] }],
      },
    });
    expect(decide(dossier, journal.state, circumstances)).toEqual(decision);
    expect(journal.state.head.seq).toBe(3);
  });

  it('signs', async () => {
    bench = await signerBench();
    expect(await outcome(bench.fixture.dossier())).toBe(1);
  });
});
