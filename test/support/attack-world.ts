/**
 * The real service over a real SQLite file, the real signer behind its Unix socket with a soft token, and a Factory in memory that can be
 * made to lie. `end` asks the oracle: whatever a test did, the token signed only what officers approved.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createSignerClient, type SignerClient } from '../../src/signer/client/index.js';
import { initSigner, runSigner, type RunningSigner } from '../../src/signer/server/index.js';
import {
  createSigningService,
  type Caller,
  type SigningDependencies,
  type SigningService,
  type Store,
  type WaveIntention,
} from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { createMemoryFactory, type MemoryFactory } from '../signing/memory-factory.js';
import {
  createFixture,
  type DossierOptions,
  type Fixture,
  type FixtureOptions,
  type FixtureWave,
  type WaveOptions,
} from './factory-fixture.js';
import { createOracle } from './oracle.js';
import { recordingLogger, type RecordingLogger } from './recording-logger.js';
import { softToken, type SoftToken } from './soft-token-pool.js';
import { tufKey, type TufKey } from './tuf-key.js';

export const CI: Caller = { name: 'ci-main', kind: 'ci', via: 'ci', person: null, scopes: ['read', 'request'] };

export function officer(name: string): Caller {
  return { name, kind: 'person', via: 'login', person: name, scopes: ['read', 'request', 'decide'] };
}

export interface Replica {
  readonly service: SigningService;
  readonly store: Store;
}

export interface AttackWorld extends Replica {
  readonly fixture: Fixture;
  readonly factory: MemoryFactory;
  /** The key in the token: what all attacks are after. */
  readonly key: TufKey;
  readonly token: SoftToken;
  readonly signer: SignerClient;
  readonly clock: { time: Date; now(): Date };
  readonly logger: RecordingLogger;
  readonly databaseFile: string;
  readonly stateDir: string;
  /** The signer's. */
  readonly socketPath: string;
  /** Another service over the same database. */
  another(more?: Partial<SigningDependencies>): Promise<Replica>;
  /** Runs SQL past the program; every statement must change something. */
  edit(sql: string, ...parameters: readonly unknown[]): void;
  ask(more?: Partial<WaveIntention>, caller?: Caller): Promise<string>;
  /** By default of CI's Wave w42, by alice and bob. */
  approved(more?: Partial<WaveIntention>, persons?: readonly string[]): Promise<string>;
  approve(id: string, person: string): Promise<unknown>;
  /** What a lying service hands to the signer: the dossier of a statement, approved by alice and bob unless told otherwise. */
  dossier: Fixture['dossier'];
  wave(...options: Parameters<Fixture['wave']>): FixtureWave;
  /** Stops the signer, does something to its state directory, and starts it again. */
  withSignerStopped(work: () => void | Promise<void>): Promise<void>;
  /** As with everything stopped: copies of the database and of the journal. */
  copyTo(what: 'database' | 'journal', folder: string): void;
  restoreFrom(what: 'database' | 'journal', folder: string): Promise<void>;
  readonly folder: string;
  end(): Promise<void>;
}

export async function openAttackWorld(options: FixtureOptions = {}): Promise<AttackWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-attack-'));
  const key = options.keySeed === undefined ? tufKey() : tufKey('ED25519', `${options.keySeed} token`);
  const oracle = createOracle();
  const fixture = createFixture({
    productionVersion: null,
    offlineKeys: [key],
    onOfficerSigns: (person, namespace, message) => oracle.hear(person, namespace, message),
    ...options,
  });
  const factory = createMemoryFactory(fixture);
  const clock = { time: fixture.now, now: () => clock.time };
  const logger = recordingLogger();
  const token = softToken({ keys: [{ pair: key }] });
  const stateDir = join(folder, 'signer');
  const socketPath = join(folder, 'run', 'signer.sock');
  const databaseFile = join(folder, 'service.db');
  const keys = await token.keys();
  const { policyText, pins } = fixture;
  await initSigner({ stateDir, policies: [policyText], pins, keys, now: clock.now() });

  const startSigner = (): Promise<RunningSigner> =>
    runSigner({ stateDir, socketPath, openTokens: () => Promise.resolve([token]), logger, now: clock.now });
  let running: RunningSigner | null = await startSigner();
  const signer = createSignerClient({ socketPath });

  const replicas: Replica[] = [];
  const another: AttackWorld['another'] = async (more = {}) => {
    const store = await openStore(`sqlite:${databaseFile}`);
    const service = createSigningService({
      ...{ store, signer, factories: new Map([[fixture.factory, factory]]) },
      ...{ policies: [fixture.policy], pins, logger, clock },
      ...more,
    });
    const replica = { service, store };
    replicas.push(replica);
    return replica;
  };
  const closeReplicas = async (): Promise<void> => {
    for (const replica of replicas.splice(0)) {
      await replica.service.stop();
      await replica.store.close();
    }
  };
  const paths = { database: databaseFile, journal: stateDir };

  const world = {
    ...(await another()),
    ...{ fixture, factory, key, token, signer, clock, logger, databaseFile, stateDir, socketPath, folder, another },
    edit(sql: string, ...parameters: readonly unknown[]) {
      const database = new Database(databaseFile);
      try {
        database.pragma('foreign_keys = OFF');
        if (database.prepare(sql).run(...parameters).changes === 0) throw new Error(`nothing was edited by: ${sql}`);
      } finally {
        database.close();
      }
    },
    async ask(more: Partial<WaveIntention> = {}, caller: Caller = CI) {
      const wanted = { factory: fixture.factory, name: 'w42', version: 42, tag: fixture.tag, reason: 'a fix', ...more };
      return (await world.service.submitWave(wanted, caller)).request.id;
    },
    async approve(id: string, person: string) {
      const sshsig = fixture.approve(person, await world.service.statement(id));
      return world.service.approve(id, { sshsig }, officer(person));
    },
    async approved(more: Partial<WaveIntention> = {}, persons: readonly string[] = ['alice', 'bob']) {
      const id = await world.ask(more);
      for (const person of persons) await world.approve(id, person);
      return id;
    },
    dossier: (asked?: DossierOptions) => fixture.dossier(asked),
    wave: (asked?: WaveOptions) => fixture.wave(asked),
    async withSignerStopped(work: () => void | Promise<void>) {
      await running?.close();
      running = null;
      await work();
      token.setState('ready');
      running = await startSigner();
    },
    copyTo(what: 'database' | 'journal', into: string) {
      if (what === 'database') {
        const database = new Database(databaseFile);
        database.pragma('wal_checkpoint(TRUNCATE)');
        database.close();
      }
      cpSync(paths[what], join(folder, into), { recursive: true });
    },
    async restoreFrom(what: 'database' | 'journal', from: string) {
      const put = (): void => {
        for (const end of ['', '-wal', '-shm']) rmSync(`${paths[what]}${end}`, { recursive: true, force: true });
        cpSync(join(folder, from), paths[what], { recursive: true });
      };
      if (what === 'journal') return world.withSignerStopped(put);
      await closeReplicas();
      put();
      Object.assign(world, await another());
    },
    async end() {
      await closeReplicas();
      await running?.close();
      rmSync(folder, { recursive: true, force: true });
      oracle.judge(token);
    },
  };
  return world;
}
