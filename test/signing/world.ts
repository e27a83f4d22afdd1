import {
  createSigningService,
  type Caller,
  type SigningDependencies,
  type SigningService,
  type Store,
  type WaveIntention,
} from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { createLogger, type Logger } from '../../src/telemetry/index.js';
import { SQLITE, type TestDatabase } from '../store/sqlite-database.js';
import { createFixture, FIXTURE_NOW, type Fixture, type FixtureOptions } from '../support/factory-fixture.js';
import { createMemoryFactory, type MemoryFactory } from './memory-factory.js';
import { createVerifyingSigner, type VerifyingSigner } from './verifying-signer.js';

/** A service over a real database (a SQLite file unless told otherwise), with a Factory and a signer in memory that outlive it, as the real ones do. */
export interface World {
  readonly fixture: Fixture;
  readonly factory: MemoryFactory;
  readonly signer: VerifyingSigner;
  readonly clock: { time: Date; now(): Date; advance(ms: number): void };
  readonly url: string;
  service: SigningService;
  store: Store;
  /** Another service over the same database, with a connection of its own. */
  another(more?: Partial<SigningDependencies>): Promise<{ service: SigningService; store: Store }>;
  ask(more?: Partial<WaveIntention>, caller?: Caller): ReturnType<SigningService['submitWave']>;
  approve(id: string, person: string): ReturnType<SigningService['approve']>;
  reject(id: string, person: string, reason?: string): ReturnType<SigningService['reject']>;
  /** Asked for by CI and approved by alice and bob. */
  approved(more?: Partial<WaveIntention>): Promise<string>;
  events(id?: string): Promise<string[]>;
  end(): Promise<void>;
}

export const ci: Caller = { name: 'ci-main', kind: 'ci', via: 'ci', person: null, scopes: ['read', 'request'] };

export function person(name: string): Caller {
  return { name, kind: 'person', via: 'login', person: name, scopes: ['read', 'request', 'decide'] };
}

const silent: Logger = createLogger({ level: 'error', style: 'text', program: 'test' });

export async function createWorld(
  options: FixtureOptions = {},
  more: Partial<SigningDependencies> = {},
  database: TestDatabase = SQLITE,
): Promise<World> {
  const fixture = createFixture(options);
  const clock = {
    time: FIXTURE_NOW,
    now: () => clock.time,
    advance: (ms: number) => {
      clock.time = new Date(clock.time.getTime() + ms);
    },
  };
  const factory = createMemoryFactory(fixture);
  const signer = createVerifyingSigner(fixture, clock);
  const made = await database.create();
  const { url } = made;
  const stores: Store[] = [];

  const another: World['another'] = async (changes = {}) => {
    const store = await openStore(url);
    stores.push(store);
    const service = createSigningService({
      store,
      signer,
      factories: new Map([[fixture.factory, factory]]),
      policies: [fixture.policy],
      pins: fixture.pins,
      logger: silent,
      clock,
      ...more,
      ...changes,
    });
    return { service, store };
  };

  const world: World = {
    fixture,
    factory,
    signer,
    clock,
    url,
    ...(await another()),
    another,
    ask: (changes = {}, caller = ci) =>
      world.service.submitWave(
        { factory: fixture.factory, name: 'w42', version: 42, tag: fixture.tag, reason: 'a fix', ...changes },
        caller,
      ),
    approve: async (id, name) => {
      const sshsig = fixture.approve(name, await world.service.statement(id));
      return world.service.approve(id, { sshsig }, person(name));
    },
    reject: async (id, name, reason = 'not now') => {
      const { text, sshsig } = fixture.reject(name, await world.service.statement(id), reason);
      return world.service.reject(id, { rejection: text, sshsig }, person(name));
    },
    approved: async (changes) => {
      const { request } = await world.ask(changes);
      await world.approve(request.id, 'alice');
      await world.approve(request.id, 'bob');
      return request.id;
    },
    events: async (id) => {
      const events = await world.store.events.list({ after: 0, limit: 1000 });
      return events.filter(({ request }) => id === undefined || request === id).map(({ type }) => type);
    },
    end: async () => {
      for (const store of stores) await store.close();
      await made.drop();
    },
  };
  return world;
}
