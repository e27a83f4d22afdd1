/** A signer over a temporary state directory, a soft token and a Factory in memory, to be stopped and started at will. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMESPACES } from '../../src/approval/index.js';
import { buildWaveStatement, type Statement } from '../../src/dossier/index.js';
import { writeWaveChanges } from '../../src/factory/index.js';
import { serializePolicy, signedPolicy, type Policy, type SignedPolicy } from '../../src/policy/index.js';
import { Journal, type JournalOptions } from '../../src/signer/journal/journal.js';
import { initSigner } from '../../src/signer/server/init-signer.js';
import { Signer } from '../../src/signer/server/signer.js';
import { type OnStep, stepsOfWriting } from '../../src/signer/server/steps.js';
import { Tokens } from '../../src/signer/server/tokens.js';
import {
  formatTime,
  parseTargets,
  serializeMetadata,
  sha256Hex,
  type RootMetadata,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import {
  createFixture,
  metadataText,
  signRoot,
  type Fixture,
  type FixtureOptions,
  type FixtureWave,
} from './factory-fixture.js';
import { recordingLogger, type RecordingLogger } from './recording-logger.js';
import { softToken, type SoftToken, type SoftTokenKey } from './soft-token-pool.js';
import { tufKey, type TufKey } from './tuf-key.js';

export const DAY_MS = 24 * 60 * 60 * 1000;

export interface SignerBench {
  readonly fixture: Fixture;
  /** The key in the token; root 3 names it as its offline targets key. */
  readonly key: TufKey;
  readonly token: SoftToken;
  readonly stateDir: string;
  readonly journalPath: string;
  readonly logger: RecordingLogger;
  /** The signer's clock. */
  now: Date;
  /** A step at which it throws is where the signer dies. */
  onStep: OnStep | undefined;
  readonly signer: Signer;
  readonly journal: Journal;
  /** Stops the signer without a word and starts it from its file. */
  restart(options?: Partial<JournalOptions>): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export interface BenchOptions extends FixtureOptions {
  readonly key?: TufKey;
  /** How the token describes its key. */
  readonly tokenKey?: Omit<SoftTokenKey, 'pair'>;
  readonly tokenLabel?: string;
  readonly extraTokens?: readonly SoftToken[];
}

/** Dying at a step. */
export class Crash extends Error {
  constructor(step: string) {
    super(`crashed at ${step}`);
  }
}

export async function signerBench(options: BenchOptions = {}): Promise<SignerBench> {
  const { key = tufKey(), tokenKey = {}, tokenLabel, extraTokens = [], ...fixtureOptions } = options;
  const fixture = createFixture({ productionVersion: null, offlineKeys: [key], ...fixtureOptions });
  const token = softToken({
    keys: [{ pair: key, ...tokenKey }],
    ...(tokenLabel === undefined ? {} : { label: tokenLabel }),
  });
  const pools = [token, ...extraTokens];
  const parent = mkdtempSync(join(tmpdir(), 'signer-'));
  const stateDir = join(parent, 'state');
  const logger = recordingLogger();
  const keys = (await Promise.all(pools.map((pool) => pool.keys()))).flat();
  await initSigner({ stateDir, policies: [fixture.policyText], pins: fixture.pins, keys, now: fixture.now });

  let running: { journal: Journal; signer: Signer } | null = null;
  const bench = {
    fixture,
    key,
    token,
    stateDir,
    journalPath: join(stateDir, 'journal.jsonl'),
    logger,
    now: fixture.now,
    onStep: undefined as OnStep | undefined,
    get signer(): Signer {
      if (running === null) throw new Error('the signer is stopped');
      return running.signer;
    },
    get journal(): Journal {
      if (running === null) throw new Error('the signer is stopped');
      return running.journal;
    },
    async restart(journalOptions: Partial<JournalOptions> = {}): Promise<void> {
      await bench.stop();
      const onStep: OnStep = (step) => bench.onStep?.(step);
      const journal = await Journal.open({
        stateDir,
        logger,
        onWritten: stepsOfWriting(onStep),
        ...journalOptions,
      });
      const tokens = new Tokens(pools, logger);
      const signer = new Signer({ journal, tokens, logger, now: () => bench.now, onStep });
      running = { journal, signer };
      await signer.readTokens();
    },
    async stop(): Promise<void> {
      await running?.signer.settle();
      await running?.journal.close();
      running = null;
    },
    async remove(): Promise<void> {
      await bench.stop();
      rmSync(parent, { recursive: true });
    },
  };
  await bench.restart();
  return bench;
}

export interface WaveOver {
  readonly version?: number;
  readonly id?: string;
  readonly tag?: string;
  readonly expires?: string;
  readonly productionTargets?: TargetsMetadata | null;
  readonly policies?: readonly SignedPolicy[];
  readonly roots?: Fixture['roots'];
  readonly supersedes?: Statement['supersedes'];
  readonly approvals?: readonly string[];
}

export interface BuiltWave extends FixtureWave {
  readonly lines: readonly string[];
}

/** A Wave over another base, policy or root than the fixture's, and its approved dossier. */
export function waveOver(bench: SignerBench, over: WaveOver): BuiltWave {
  const { fixture } = bench;
  const { policies = [fixture.policy], roots = fixture.roots, productionTargets = null, version = 42 } = over;
  const { tag = fixture.tag } = over;
  const created = new Date(fixture.now.getTime() - 60_000);
  const built = buildWaveStatement({
    service: fixture.policy.sha256,
    policy: last(policies),
    factory: fixture.factory,
    id: over.id ?? requestId(version),
    wave: `w${version}`,
    tag,
    changes: writeWaveChanges({
      version,
      sourceTag: null,
      pruned: [],
      expires: over.expires ?? formatTime(new Date(fixture.now.getTime() + 300 * DAY_MS)),
    }),
    requester: { name: 'ci', via: 'ci' },
    reason: 'the release of the week',
    created,
    expires: new Date(created.getTime() + DAY_MS),
    roots: { ci: last(roots.ci), production: last(roots.production) },
    ciTargets: fixture.ciTargets,
    productionTargets,
    sign: fixture.offlineKeyids,
    supersedes: over.supersedes ?? null,
  });
  const wave = { ...built, sha256: sha256Hex(built.text) };
  const lines = fixture.dossier({
    wave,
    ...(over.approvals === undefined ? {} : { approvals: over.approvals }),
    parts: (parts) => ({
      ...parts,
      policies: policies.map((policy) => serializePolicy(policy)),
      roots: { ci: roots.ci.map(metadataText), production: roots.production.map(metadataText) },
      productionTargets: productionTargets === null ? null : { tag, text: metadataText(productionTargets) },
    }),
  });
  return { ...wave, lines };
}

/** A request id that is another one for every number. */
export function requestId(number: number): string {
  return `req_${String(number).padStart(26, '0')}`;
}

/** What the Factory publishes once it has the token's signature and added its own. */
export function publishedBy(bench: SignerBench, document: Buffer, key: TufKey = bench.key): TargetsMetadata {
  const signatures = [key.sign(document), bench.fixture.keys.online.sign(document)];
  return parseTargets(serializeMetadata({ signatures, signedBytes: document }));
}

/** The policy's next version, signed by alice and bob. */
export function nextPolicy(bench: SignerBench, change: (policy: Policy) => Policy = (policy) => policy): SignedPolicy {
  const { fixture } = bench;
  const unsigned = change({ ...fixture.policy.policy, version: 2, previous: fixture.policy.sha256 });
  const { text } = signedPolicy(unsigned);
  return signedPolicy(
    unsigned,
    ['alice', 'bob'].map((person) => ({ person, sshsig: fixture.sshsig(person, NAMESPACES.policy, text) })),
  );
}

/** The fixture's root chains and one root more on each, signed by its root key. */
export function nextRoots(bench: SignerBench, daysMore = 1): Fixture['roots'] {
  const { roots, keys } = bench.fixture;
  const grow = (chain: readonly RootMetadata[]): RootMetadata[] => {
    const { signed } = last(chain);
    const expires = formatTime(new Date(Date.parse(signed.expires) + daysMore * DAY_MS));
    return [...chain, signRoot({ ...signed, version: signed.version + 1, expires }, [keys.root])];
  };
  return { ci: grow(roots.ci), production: grow(roots.production) };
}

function last<T>(items: readonly T[]): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error('an empty list');
  return item;
}
