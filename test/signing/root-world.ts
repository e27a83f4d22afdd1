import { constants, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { SQLITE, type TestDatabase } from '../store/databases.js';
import { createFixture, type Fixture } from '../support/factory-fixture.js';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger.js';
import { FACTORY, NOW, startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { softToken, type SoftToken } from '../support/soft-token-pool.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';
import { person } from './world.js';

/** A Factory as new (the sandbox, over HTTP), the real signer with a root token and a targets token in memory, and the service. */
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
  /** What the root token, or the targets token, holds from now on: so many of the keys, from the first one. */
  hold(role: 'root' | 'targets', count: number): Promise<void>;
  ask(intentions: readonly RootIntention[], more?: { txid?: string }): Promise<RequestView>;
  approve(id: string): Promise<void>;
  /** Asked for, approved and brought into force. */
  update(...intentions: RootIntention[]): Promise<RequestView>;
  /** Both ownerships taken: root with the Factory's first root key, then targets. */
  own(): Promise<void>;
  /** The Factory's own first root key signs what a request wants. */
  contribute(id: string, key: FirstRootKey): Promise<RequestView>;
  advance(ms: number): void;
  view(id: string): Promise<RequestView>;
  end(): Promise<void>;
}

export interface RootWorldOptions {
  /** Roots 3 of the sandbox name the first key of each token; without it the Factory is as new. */
  readonly owned?: boolean;
  readonly client?: Partial<FoundriesClientOptions>;
  readonly database?: TestDatabase;
}

export async function createRootWorld(options: RootWorldOptions = {}): Promise<RootWorld> {
  const { owned = false, client = {}, database = SQLITE } = options;
  const keys = { root: [tufKey(), tufKey(), tufKey()], targets: [tufKey(), tufKey(), tufKey()] };
  const firstOf = (pairs: readonly TufKey[]) => pairs.slice(0, 1).map(({ key }) => key);
  const sandbox = await startTestSandbox(
    owned ? { offlineKeys: { root: firstOf(keys.root), targets: firstOf(keys.targets) } } : { owned: false },
  );
  const [first = Buffer.alloc(0)] = await sandbox.client('bob').rootChain('production', 1);
  const firstRoot = { version: 1, sha256: parseRoot(first).sha256 };
  const made = createFixture({
    factory: FACTORY,
    now: NOW,
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
  const journal = await Journal.open({ stateDir, logger });
  const engine = new Signer({ journal, tokens: new Tokens([root, targets], logger), logger, now });
  const signer = portOf(engine);
  const place = await database.create();
  const stores: Store[] = [];

  const another: RootWorld['another'] = async (more = {}) => {
    const store = await openStore(place.url);
    stores.push(store);
    const service = createSigningService({
      ...{ store, signer, logger, pins: fixture.pins, policies: [fixture.policy], clock: sandbox.clock },
      factories: new Map([[FACTORY, sandbox.client('bob', { retry: { attempts: 1 }, ...client })]]),
      ...more,
    });
    return { service, store };
  };

  const world: RootWorld = {
    ...{ sandbox, fixture, root, targets, keys, logger, signer, another },
    ...(await another()),
    hold: async (role, count) => {
      const held = keys[role].slice(0, count).map((pair) => ({ pair, role, factory: FACTORY }));
      (role === 'root' ? root : targets).hold(held);
      await engine.readTokens();
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
    own: async () => {
      await world.hold('root', 1);
      await world.hold('targets', 1);
      const { txid, firstRoot: key } = await sandbox
        .client('alice')
        .beginRootUpdate({ message: 'Take ownership', firstTime: true });
      if (key === null) throw new Error('the Factory gave no first root key');
      const { id } = await world.ask([{ op: 'take-ownership', role: 'root' }], { txid });
      await world.contribute(id, key);
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
    end: async () => {
      for (const store of stores) await store.close();
      await engine.settle();
      await journal.close();
      await sandbox.close();
      await place.drop();
      rmSync(folder, { recursive: true, force: true });
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

/** The signer without its socket. */
function portOf(signer: Signer): SignerPort {
  return {
    sign: (lines, receipt) => signer.sign(lines, receipt ?? null),
    veto: (veto) => signer.veto({ ...veto, ...(veto.policies === undefined ? {} : { policies: [...veto.policies] }) }),
    published: (published) => signer.published(published),
    publishedRoots: (published) => signer.publishedRoots(published),
    prove: (wanted) => signer.prove(wanted),
    registerRequestKeys: (registered) => signer.registerRequestKeys(registered),
    progress: (statement) => signer.progress(statement),
    status: (receipt) => signer.status(false, receipt ?? null),
    canary: () => Promise.resolve({ tokens: [] }),
    keys: () => signer.keys(),
    journal: (statement) => signer.journalOf(statement),
  };
}
