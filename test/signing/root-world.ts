import { constants, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { FoundriesClientOptions } from '../../src/foundries/index.js';
import { Journal } from '../../src/signer/journal/index.js';
import { initSigner } from '../../src/signer/server/init-signer.js';
import { Signer } from '../../src/signer/server/signer.js';
import { Tokens } from '../../src/signer/server/tokens.js';
import {
  createSigningService,
  type FirstRootKey,
  type RequestView,
  type RootIntention,
  type SignerPort,
  type SigningDependencies,
  type SigningService,
  type Store,
} from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { keyidOf, parseRoot, type Signature } from '../../src/tuf/index.js';
import { SQLITE, type TestDatabase } from '../store/sqlite-database.js';
import { createFixture, type Fixture } from '../support/factory-fixture.js';
import { createOracle } from '../support/oracle.js';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger.js';
import { FACTORY, NOW, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { softToken, type SoftToken } from '../support/soft-token-pool.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';
import { person } from './world.js';

/**
 * A Factory as new (the sandbox, over HTTP), the real signer with a root token and a targets token in memory, and the service. `end`
 * asks the oracle: whatever a test did, the tokens signed only what officers approved.
 */
export interface RootWorld {
  readonly sandbox: TestSandbox;
  readonly fixture: Fixture;
  readonly root: SoftToken;
  readonly targets: SoftToken;
  readonly keys: { readonly root: readonly TufKey[]; readonly targets: readonly TufKey[] };
  readonly logger: RecordingLogger;
  readonly signer: SignerPort;
  service: SigningService;
  store: Store;
  /** Another service over the same database. */
  another(more?: Partial<SigningDependencies>): Promise<{ service: SigningService; store: Store }>;
  /** What the root token, or the targets token, holds from now on: so many of the keys, from the first one unless given. */
  hold(role: 'root' | 'targets', count: number, first?: number): Promise<void>;
  ask(intentions: readonly RootIntention[], more?: { txid?: string }): Promise<RequestView>;
  approve(id: string): Promise<void>;
  /** Asked for, approved and brought into force. */
  update(...intentions: RootIntention[]): Promise<RequestView>;
  /** Asks to take over root, in a transaction begun at the Factory, and signs with the first root key that it answers. */
  askForRoot(): Promise<RequestView>;
  /** Both ownerships taken: root with the Factory's first root key, then targets. */
  own(): Promise<void>;
  /** The Factory's own first root key signs what a request wants. */
  contribute(id: string, key: FirstRootKey): Promise<RequestView>;
  advance(ms: number): void;
  view(id: string): Promise<RequestView>;
  /** Stops the signer, does something to its state directory, and starts it again. */
  withSignerStopped(work: (stateDir: string) => void | Promise<void>): Promise<void>;
  /** Keeps the database, or the journal, as it is now. */
  copy(what: 'database' | 'journal'): void;
  /** Puts the copy back; of the database with a new service over it. */
  restore(what: 'database' | 'journal'): Promise<void>;
  end(): Promise<void>;
}

export interface RootWorldOptions {
  /** Roots 3 of the sandbox name the first key of each token; without it the Factory is as new. */
  readonly owned?: boolean;
  readonly client?: Partial<FoundriesClientOptions>;
  readonly database?: TestDatabase;
  /** Whether the sandbox can be given faults. */
  readonly faults?: boolean;
  /** Instead of three Ed25519 keys. */
  readonly rootKeys?: readonly TufKey[];
  /** In production before the Factory had an owner: unsigned metadata by tag, which the Factory signs alone. */
  readonly productionTargets?: Readonly<Record<string, string>>;
}

export async function createRootWorld(options: RootWorldOptions = {}): Promise<RootWorld> {
  const { owned = false, client = {}, database = SQLITE, faults = false } = options;
  const { rootKeys = [tufKey(), tufKey(), tufKey()], productionTargets = {} } = options;
  const keys = { root: rootKeys, targets: [tufKey(), tufKey(), tufKey()] };
  const firstOf = (pairs: readonly TufKey[]) => pairs.slice(0, 1).map(({ key }) => key);
  const sandbox = await startTestSandbox({
    faults,
    productionTargets,
    ...(owned ? { offlineKeys: { root: firstOf(keys.root), targets: firstOf(keys.targets) } } : { owned: false }),
  });
  const [first = Buffer.alloc(0)] = await sandbox.client('bob').rootChain('production', 1);
  const firstRoot = { version: 1, sha256: parseRoot(first).sha256 };
  const oracle = createOracle();
  const made = createFixture({
    factory: FACTORY,
    now: NOW,
    onOfficerSigns: (person, namespace, message) => oracle.hear(person, namespace, message),
    changePolicy: (policy) => ({
      ...policy,
      kinds: { ...policy.kinds, root: policy.kinds.wave },
      factories: policy.factories.map((factory) => ({
        ...factory,
        url: sandbox.url,
        firstRoot,
        tokens: [
          { label: 'root', serial: null, roles: ['root'] },
          { label: 'targets', serial: null, roles: ['targets'] },
        ],
      })),
    }),
  });
  const fixture: Fixture = { ...made, pins: { ...made.pins, firstRootSha256: { [FACTORY]: firstRoot.sha256 } } };
  const root = softToken({ label: 'root', serial: 'soft-root' });
  const targets = softToken({ label: 'targets', serial: 'soft-targets' });
  const logger = recordingLogger();
  const folder = mkdtempSync(join(tmpdir(), 'countersign-root-'));
  const stateDir = join(folder, 'signer');
  const now = () => sandbox.clock.now();
  await initSigner({ stateDir, policies: [fixture.policyText], pins: fixture.pins, keys: [], now: NOW });
  const startSigner = async () => {
    const journal = await Journal.open({ stateDir, logger });
    const engine = new Signer({ journal, tokens: new Tokens([root, targets], logger), logger, now });
    await engine.readTokens();
    const stop = async (): Promise<void> => {
      await engine.settle();
      await journal.close();
    };
    return { engine, stop };
  };
  let running = await startSigner();
  const signer = portOf(() => running.engine);
  const place = await database.create();
  const databaseFile = place.url.replace(/^sqlite:/, '');
  const copies = { database: join(folder, 'copy.db'), journal: join(folder, 'copy') };
  const stores: Store[] = [];

  const another: RootWorld['another'] = async (more = {}) => {
    const store = await openStore(place.url);
    stores.push(store);
    const service = createSigningService({
      ...{ store, signer, logger, pins: fixture.pins, policies: [fixture.policy], clock: sandbox.clock },
      factories: new Map([[FACTORY, sandbox.client('bob', { retry: { attempts: 1 }, ...client })]]),
      // the clock stands still here
      limits: { cutOffAfterMs: 100 },
      ...more,
    });
    return { service, store };
  };

  const world: RootWorld = {
    ...{ sandbox, fixture, root, targets, keys, logger, signer, another },
    ...(await another()),
    hold: async (role, count, from = 0) => {
      const held = keys[role].slice(from, from + count).map((pair) => ({ pair, role, factory: FACTORY }));
      (role === 'root' ? root : targets).hold(held);
      await running.engine.readTokens();
    },
    ask: async (intentions, { txid } = {}) => {
      const submission = {
        ...{ factory: FACTORY, reason: 'a test', intentions },
        ...(txid === undefined ? {} : { transaction: { txid } }),
      };
      return (await world.service.submitRootUpdate(submission, person('carol'))).request;
    },
    approve: async (id) => {
      for (const officer of ['alice', 'bob']) {
        const sshsig = fixture.approve(officer, await world.service.statement(id));
        await world.service.approve(id, { sshsig }, person(officer));
      }
    },
    update: async (...intentions) => {
      const { id } = await world.ask(intentions);
      await world.approve(id);
      await world.service.reconcile();
      return world.service.get(id);
    },
    askForRoot: async () => {
      const { txid, firstRoot: key } = await sandbox
        .client('alice')
        .beginRootUpdate({ message: 'Take ownership', firstTime: true });
      if (key === null) throw new Error('the Factory gave no first root key');
      const { id } = await world.ask([{ op: 'take-ownership', role: 'root' }], { txid });
      return world.contribute(id, key);
    },
    own: async () => {
      await world.hold('root', 1);
      await world.hold('targets', 1);
      const { id } = await world.askForRoot();
      await world.approve(id);
      await world.service.reconcile();
      await world.update({ op: 'take-ownership', role: 'targets' });
    },
    contribute: async (id, key) => {
      const lines: string[] = [];
      for await (const line of world.service.dossier(id)) lines.push(line);
      const documents = lines.map((line) => JSON.parse(line) as { type: string; index?: number; text?: string });
      const signatures = documents
        .filter(({ type }) => type === 'document')
        .map(({ index, text = '' }) => ({
          document: index === 0 ? (0 as const) : (1 as const),
          ...signAsFirst(key, Buffer.from(text)),
        }));
      return world.service.addExternals(id, signatures, person('carol'));
    },
    advance: (ms) => {
      sandbox.clock.time = new Date(sandbox.clock.time.getTime() + ms);
    },
    view: (id) => world.service.get(id),
    withSignerStopped: async (work) => {
      await running.stop();
      await work(stateDir);
      running = await startSigner();
    },
    copy: (what) => {
      if (what === 'journal') return cpSync(stateDir, copies.journal, { recursive: true });
      const open = new Database(databaseFile);
      open.pragma('wal_checkpoint(TRUNCATE)');
      open.close();
      cpSync(databaseFile, copies.database);
    },
    restore: async (what) => {
      if (what === 'journal') {
        return world.withSignerStopped(() => {
          rmSync(stateDir, { recursive: true });
          cpSync(copies.journal, stateDir, { recursive: true });
        });
      }
      for (const store of stores.splice(0)) await store.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${databaseFile}${end}`, { force: true });
      cpSync(copies.database, databaseFile);
      Object.assign(world, await another());
    },
    end: async () => {
      for (const store of stores) await store.close();
      await running.stop();
      await sandbox.close();
      await place.drop();
      rmSync(folder, { recursive: true, force: true });
      for (const token of [root, targets]) oracle.judge(token);
    },
  };
  if (owned) {
    await world.hold('root', 2);
    await world.hold('targets', 2);
  }
  return world;
}

function signAsFirst({ public: key, private: pem }: FirstRootKey, payload: Buffer): Signature {
  const padding = { key: createPrivateKey(pem), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return {
    keyid: keyidOf(key),
    method: 'rsassa-pss-sha256',
    sig: nodeSign('sha256', payload, padding).toString('base64'),
  };
}

/** The signer that runs now, without its socket. */
function portOf(signer: () => Signer): SignerPort {
  return {
    sign: (lines, receipt) => signer().sign(lines, receipt ?? null),
    veto: (veto) =>
      signer().veto({ ...veto, ...(veto.policies === undefined ? {} : { policies: [...veto.policies] }) }),
    published: (published) => signer().published(published),
    publishedRoots: (published) => signer().publishedRoots(published),
    prove: (wanted) => signer().prove(wanted),
    registerRequestKeys: (registered) => signer().registerRequestKeys(registered),
    progress: (statement) => signer().progress(statement),
    status: (receipt) => signer().status(false, receipt ?? null),
    canary: () => Promise.resolve({ tokens: [] }),
    keys: () => signer().keys(),
    journal: (statement) => signer().journalOf(statement),
  };
}
