/** A signer over a temporary state directory, a soft token and a Factory in memory, to be stopped and started at will. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMESPACES } from '../../src/approval/index.js';
import { buildWaveStatement, type Pins, type Statement } from '../../src/dossier/index.js';
import { writeWaveChanges } from '../../src/factory/index.js';
import { serializePolicy, signedPolicy, type Policy, type SignedPolicy } from '../../src/policy/index.js';
import { Journal, type JournalOptions } from '../../src/signer/journal/journal.js';
import { initSigner } from '../../src/signer/server/init-signer.js';
import { Signer } from '../../src/signer/server/signer.js';
import { type OnStep, stepsOfWriting } from '../../src/signer/server/steps.js';
import { Tokens } from '../../src/signer/server/tokens.js';
import type { TokenPool } from '../../src/signer/token-types.js';
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

export interface SignerBench extends SignerSite {
  readonly fixture: Fixture;
  /** The key in the token; root 3 names it as its offline targets key. */
  readonly key: TufKey;
  readonly token: SoftToken;
}

export interface SiteOptions {
  readonly policyText: string;
  readonly pins: Pins;
  readonly pools: readonly TokenPool[];
  readonly now: Date;
}

/** A state directory, and the signer that runs on it now and then. */
export class SignerSite {
  readonly stateDir: string;
  readonly journalPath: string;
  readonly logger: RecordingLogger = recordingLogger();
  /** The signer's clock. */
  now: Date;
  /** A step at which it throws is where the signer dies. */
  onStep: OnStep | undefined;
  readonly #parent = mkdtempSync(join(tmpdir(), 'signer-'));
  #running: { journal: Journal; signer: Signer } | null = null;

  private constructor(private readonly options: SiteOptions) {
    this.stateDir = join(this.#parent, 'state');
    this.journalPath = join(this.stateDir, 'journal.jsonl');
    this.now = options.now;
  }

  static async start(options: SiteOptions): Promise<SignerSite> {
    const { policyText, pins, pools, now } = options;
    const site = new SignerSite(options);
    const keys = (await Promise.all(pools.map((pool) => pool.keys()))).flat();
    await initSigner({ stateDir: site.stateDir, policies: [policyText], pins, keys, now });
    await site.restart();
    return site;
  }

  get signer(): Signer {
    return this.#up().signer;
  }

  get journal(): Journal {
    return this.#up().journal;
  }

  #up(): { journal: Journal; signer: Signer } {
    if (this.#running === null) throw new Error('the signer is stopped');
    return this.#running;
  }

  /** Stops the signer without a word and starts it from its file. */
  async restart(journalOptions: Partial<JournalOptions> = {}): Promise<void> {
    await this.stop();
    const { logger, stateDir } = this;
    const onStep: OnStep = (step) => this.onStep?.(step);
    const journal = await Journal.open({ stateDir, logger, onWritten: stepsOfWriting(onStep), ...journalOptions });
    const tokens = new Tokens(this.options.pools, logger);
    const signer = new Signer({ journal, tokens, logger, now: () => this.now, onStep });
    this.#running = { journal, signer };
    await signer.readTokens();
  }

  async stop(): Promise<void> {
    await this.#running?.signer.settle();
    await this.#running?.journal.close();
    this.#running = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#parent, { recursive: true });
  }
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
  const { policyText, pins, now } = fixture;
  const site = await SignerSite.start({ policyText, pins, now, pools: [token, ...extraTokens] });
  return Object.assign(site, { fixture, key, token });
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
