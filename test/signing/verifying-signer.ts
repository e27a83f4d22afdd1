import { noRootSigner } from '../support/no-root-update.js';
import { CountersignError } from '../../src/errors.js';
import { NAMESPACES, parseRejection, verifySshSignature } from '../../src/approval/index.js';
import { requireApproved, requireKind, verifyDossier, type JournalLine } from '../../src/dossier/index.js';
import { findOfficerByKey } from '../../src/policy/index.js';
import type { Clock, SignerPort, SignerSignature, Watermark, WatermarkLevel } from '../../src/signing/index.js';
import { formatTime, parseRoot, parseTargets, sha256Hex, verifyRootChain, verifyTargets } from '../../src/tuf/index.js';
import { journalLines } from '../support/journal-lines.js';
import type { Fixture } from '../support/factory-fixture.js';

/**
 * A signer in memory that decides as the real one: from the dossier, by `verifyDossier`, and from what it did before.
 * It outlives the service, as the program does.
 */
export interface VerifyingSigner extends SignerPort {
  /** Statement → signatures; a statement is signed once. */
  readonly issued: Map<string, { level: WatermarkLevel; tag: string; signatures: readonly SignerSignature[] }>;
  readonly vetoes: Map<string, string>;
  readonly published$: Map<string, WatermarkLevel>;
  /** Each is thrown once by the next call of that name. */
  fail(call: 'sign' | 'veto' | 'published' | 'status' | 'keys' | 'journal', ...errors: CountersignError[]): void;
  readonly calls: string[];
  holdsKeys: boolean;
}

export function createVerifyingSigner(fixture: Fixture, clock: Clock): VerifyingSigner {
  const failures = new Map<string, CountersignError[]>();
  const calls: string[] = [];
  const written = new Map<string, readonly JournalLine[]>();
  const enter = (name: string): void => {
    calls.push(name);
    const error = failures.get(name)?.shift();
    if (error !== undefined) throw error;
  };
  const { offline } = fixture.keys;
  if (offline === null) throw new Error('this signer needs the key of the fixture');

  const signer: VerifyingSigner = {
    issued: new Map(),
    vetoes: new Map(),
    published$: new Map(),
    calls,
    holdsKeys: true,
    fail: (name, ...errors) => {
      failures.set(name, [...(failures.get(name) ?? []), ...errors]);
    },
    sign: async (lines) => {
      enter('sign');
      const verified = requireKind(await verifyDossier(lines, fixture.pins, clock.now(), { judgeBy: 'clock' }), 'wave');
      const before = signer.issued.get(verified.statementSha256);
      if (before !== undefined) return { signatures: before.signatures, journal };
      requireApproved(verified);
      if (signer.vetoes.has(verified.statementSha256)) throw new CountersignError('VETOED', 'vetoed');
      const [document] = verified.documents;
      if (document === undefined) throw new Error('no document');
      const { version, sha256, tag } = document.entry;
      const published = signer.published$.get(tag);
      if (published !== undefined && published.version >= version && published.sha256 !== sha256) {
        throw new CountersignError('WATERMARK_PUBLISHED', 'published');
      }
      const unnamed = [...signer.issued.values()].filter(
        ({ level, tag: other }) =>
          other === tag &&
          level.version >= version &&
          level.sha256 !== sha256 &&
          !(verified.statement.supersedes?.documents ?? []).includes(level.sha256),
      );
      if (unnamed.length > 0) throw new CountersignError('WATERMARK_ISSUED', 'issued');
      const signedAt = formatTime(clock.now());
      const signatures = [{ document: 0, ...offline.sign(document.bytes), signedAt }];
      const { statement, statementText: text, quorum } = verified;
      written.set(verified.statementSha256, journalLines({ statement, text, persons: quorum.persons, signatures }));
      signer.issued.set(verified.statementSha256, { level: { version, sha256 }, tag, signatures });
      return { signatures, journal };
    },
    veto: async ({ statement, rejection, sshsig }) => {
      await Promise.resolve();
      enter('veto');
      if (parseRejection(rejection).statementSha256 !== sha256Hex(statement)) {
        throw new CountersignError('INPUT_INVALID', 'another statement');
      }
      const message = Buffer.from(rejection);
      const { publicKey } = verifySshSignature({ armored: sshsig, namespace: NAMESPACES.reject, message });
      const officer = findOfficerByKey(fixture.policy.policy, publicKey);
      if (officer === null) throw new CountersignError('OFFICER_UNKNOWN', 'nobody');
      signer.vetoes.set(sha256Hex(statement), officer.person);
      return { person: officer.person };
    },
    published: async ({ tag, metadata, roots }) => {
      await Promise.resolve();
      enter('published');
      const chain = (roots?.production ?? []).map((text) => parseRoot(Buffer.from(text)));
      const trustedSha256 = fixture.pins.firstRootSha256[fixture.factory];
      const root = verifyRootChain(chain, { trustedSha256 });
      const targets = parseTargets(Buffer.from(metadata));
      verifyTargets(root, targets);
      const watermark = { version: targets.signed.version, sha256: targets.sha256 };
      signer.published$.set(tag, watermark);
      return { watermark };
    },
    journal: async (statementSha256) => {
      await Promise.resolve();
      enter('journal');
      const lines = written.get(statementSha256);
      if (lines === undefined) throw new CountersignError('NOT_FOUND', 'never signed');
      return { lines };
    },
    status: async () => {
      await Promise.resolve();
      enter('status');
      const tags = new Set([...signer.issued.values()].map(({ tag }) => tag));
      return {
        initialised: true,
        service: fixture.pins.policySha256,
        policy: { version: 1, sha256: fixture.policy.sha256 },
        factories: [fixture.factory],
        tokens: [{ label: 'targets', serial: '1', state: 'ready', workers: [] }],
        watermarks: [...tags].map((tag): Watermark => {
          const unpublished = [...signer.issued]
            .filter(([, issued]) => issued.tag === tag)
            .map(([statement, { level }]) => ({ ...level, statement }));
          const top = unpublished.reduce((before, one) => (one.version >= before.version ? one : before));
          const published = signer.published$.get(tag) ?? null;
          return {
            factory: fixture.factory,
            repository: 'production',
            role: 'targets',
            tag,
            issued: { version: top.version, sha256: top.sha256 },
            published,
            unpublished: unpublished.filter(({ version }) => version > (published?.version ?? 0)),
          };
        }),
        frozen: [],
        journal: { seq: 1, hash: '0'.repeat(64), at: formatTime(clock.now()) },
        clockOk: true,
      };
    },
    canary: () => Promise.resolve({ tokens: [] }),
    ...noRootSigner(),
    keys: async () => {
      await Promise.resolve();
      enter('keys');
      if (!signer.holdsKeys) return { keys: [] };
      return {
        keys: [
          {
            keyid: offline.keyid,
            keytype: offline.key.keytype,
            role: 'targets',
            factory: fixture.factory,
            token: { label: 'targets', serial: '1' },
            public: offline.key,
            ckaId: '01',
            attributes: {},
            state: 'active',
          },
        ],
      };
    },
  };
  return signer;
}

const journal = { seq: 7, hash: 'f'.repeat(64) };
