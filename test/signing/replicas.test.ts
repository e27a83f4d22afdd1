import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isCountersignError } from '../../src/errors.js';
import { createSignerClient, initSigner, runSigner, type RunningSigner } from '../../src/signer/index.js';
import { createSigningService, type SigningService, type Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { parseTargets } from '../../src/tuf/index.js';
import { createFixture, FIXTURE_NOW, type Fixture } from '../support/factory-fixture.js';
import { createPostgresDatabase, HAS_POSTGRES, type PostgresDatabase } from '../support/postgres.js';
import { recordingLogger } from '../support/recording-logger.js';
import { randomFrom, type Random } from '../support/seeded-random.js';
import { softToken, type SoftToken } from '../support/soft-token-pool.js';
import { tufKey } from '../support/tuf-key.js';
import { createMemoryFactory, type MemoryFactory } from './memory-factory.js';
import { ci, person } from './world.js';

/**
 * Three services over one PostgreSQL and one real signer. Whoever asks or decides goes to any of them, often to two at
 * once, and to another one when it gets no answer. Meanwhile services die in the middle of a step, lose their
 * connections in the middle of a transaction, or are stopped as they should be.
 *
 * COUNTERSIGN_REPLICAS_SEED and COUNTERSIGN_REPLICAS_WAVES make another, or a longer, run of it.
 */
const SEED = Number(process.env['COUNTERSIGN_REPLICAS_SEED'] ?? 20261122);
const WAVES = Number(process.env['COUNTERSIGN_REPLICAS_WAVES'] ?? 12);
const REPLICAS = 3;
/** One in so many steps is the last of its service, or goes on with its connections cut. */
const FATAL = 12;

interface Replica {
  readonly name: string;
  readonly service: SigningService;
  readonly store: Store;
  readonly died: Promise<'died'>;
  state: 'up' | 'leaving' | 'dead';
  die(): void;
}

let folder: string;
let database: PostgresDatabase;
let fixture: Fixture;
let factory: MemoryFactory;
let token: SoftToken;
let signer: RunningSigner;
const logger = recordingLogger();
const started = performance.now();
const clock = { now: () => new Date(FIXTURE_NOW.getTime() + performance.now() - started) };

beforeEach(async () => {
  const key = tufKey();
  fixture = createFixture({ offlineKeys: [key] });
  factory = createMemoryFactory(fixture);
  token = softToken({ keys: [{ pair: key }] });
  folder = mkdtempSync(join(tmpdir(), 'countersign-replicas-'));
  const stateDir = join(folder, 'state');
  const policies = [fixture.policyText];
  await initSigner({ stateDir, policies, pins: fixture.pins, keys: await token.keys(), now: clock.now() });
  const socketPath = join(folder, 'signer.sock');
  signer = await runSigner({
    stateDir,
    socketPath,
    openTokens: () => Promise.resolve([token]),
    logger,
    now: clock.now,
  });
});
afterEach(async () => {
  await signer.close();
  rmSync(folder, { recursive: true });
});

(HAS_POSTGRES ? describe : describe.skip)(`replicas over one PostgreSQL (seed ${SEED})`, () => {
  beforeEach(async () => {
    database = await createPostgresDatabase();
  });
  afterEach(() => database.drop());

  test('that die at random do nothing twice and lose nothing', async () => {
    const random = randomFrom(SEED);
    const fleet = await createFleet(random);
    const waves = Array.from({ length: WAVES }, (_, number) => ({
      name: `w-${number}`,
      tag: `tag-${number}`,
      // Every fourth is rejected after one approval.
      rejected: number % 4 === 3,
    }));

    const ids = await Promise.all(waves.map((wave) => liveOf(fleet, random, wave)));
    await fleet.end();

    expect(fleet.deaths()).toBeGreaterThan(WAVES / 3);
    const store = await openStore(database.url);
    const { items } = await store.requests.list({ limit: 2 * WAVES });
    expect(items.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const events = await store.events.list({ after: 0, limit: 10_000 });
    expect(await store.events.verify()).toMatchObject({ count: events.length });

    for (const [index, wave] of waves.entries()) {
      const id = ids[index] ?? '';
      const request = await store.requests.find(id);
      const told = events.filter((event) => event.request === id).map(({ type, actor }) => `${type} by ${actor}`);
      const expected = wave.rejected
        ? ['asked by ci-main', 'opened by service', 'approved by alice', 'rejected by carol'].concat(
            ['closed', 'vetoed'].map((type) => `${type} by service`),
          )
        : ['asked by ci-main', 'opened by service', 'approved by alice', 'approved by bob'].concat(
            ['signed', 'delivered', 'published'].map((type) => `${type} by service`),
          );
      // Alice's approval may have come when the request was closed already.
      const optional = wave.rejected && !told.includes('approved by alice') ? ['approved by alice'] : [];
      expect([wave.name, [...told, ...optional].sort()]).toEqual([wave.name, expected.sort()]);

      const signatures = await store.requests.signatures(id);
      const delivered = factory.waveList.filter(({ name }) => name === wave.name);
      if (wave.rejected) {
        expect(request).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
        expect([signatures, delivered]).toEqual([[], []]);
        continue;
      }
      expect(request).toMatchObject({ state: 'delivered' });
      expect([signatures.length, delivered.length]).toEqual([1, 1]);
      const { signatures: published } = parseTargets(delivered[0]?.metadata ?? Buffer.alloc(0));
      expect(published.map(({ sig }) => sig)).toContain(signatures[0]?.sig);
    }
    await store.close();

    // The token was asked once for each document: repeats got the bytes that the signer had made before.
    const payloads = token.signed.map(({ payload }) => payload.toString());
    expect(payloads).toHaveLength(waves.filter(({ rejected }) => !rejected).length);
    expect(new Set(payloads).size).toBe(payloads.length);
  }, 300_000);
});

interface Fleet {
  one(): Promise<Replica>;
  deaths(): number;
  end(): Promise<void>;
}

async function createFleet(random: Random): Promise<Fleet> {
  const replicas: Replica[] = [];
  const starting = new Set<Promise<void>>();
  let deaths = 0;
  let born = 0;
  let quiet = false;

  /** Something goes wrong with this replica; true if it is dead then. */
  const fate = (replica: Replica): boolean => {
    if (replica.state !== 'up' || quiet || random(FATAL) !== 0) return replica.state === 'dead';
    deaths += 1;
    const how = random(3);
    if (how === 0) {
      // It lives on, but whatever its connections were in the middle of is undone.
      background(cutConnections(replica.name));
      return false;
    }
    replicas.splice(replicas.indexOf(replica), 1);
    background(start());
    if (how === 1) {
      // As kill -9: nothing of it comes to an end, neither here nor in the database.
      replica.state = 'dead';
      replica.die();
      void replica.service.stop();
      background(cutConnections(replica.name).then(() => replica.store.close()));
      return true;
    }
    replica.state = 'leaving';
    background(
      replica.service.stop().then(async () => {
        replica.state = 'dead';
        replica.die();
        await replica.store.close();
      }),
    );
    return false;
  };

  const start = async (): Promise<void> => {
    const name = `replica-${(born += 1)}`;
    const store = await openStore(`${database.url}&application_name=${name}`);
    let die: () => void = () => undefined;
    const died = new Promise<'died'>((resolve) => {
      die = () => resolve('died');
    });
    const service = createSigningService({
      store,
      signer: createSignerClient({ socketPath: signer.socketPath, timeoutMs: 30_000 }),
      factories: new Map([[fixture.factory, factory]]),
      policies: [fixture.policy],
      pins: fixture.pins,
      logger,
      clock,
      limits: { intervalMs: 100, retryFirstMs: 20, retryMaxMs: 200 },
      onStep: () => (fate(replica) ? new Promise<void>(() => undefined) : undefined),
    });
    const replica: Replica = { name, service, store, died, state: 'up', die };
    replicas.push(replica);
    service.start();
  };

  function background(work: Promise<unknown>): void {
    const done = work.then(
      () => undefined,
      () => undefined,
    );
    starting.add(done);
    void done.then(() => starting.delete(done));
  }

  for (let count = 0; count < REPLICAS; count += 1) await start();
  return {
    one: async () => {
      while (replicas.length === 0 && starting.size > 0) await Promise.all(starting);
      const replica = replicas[random(replicas.length)];
      if (replica === undefined) throw new Error('all replicas are dead');
      return replica;
    },
    deaths: () => deaths,
    end: async () => {
      quiet = true;
      while (starting.size > 0) await Promise.all(starting);
      for (const { service, store } of replicas) {
        await service.stop();
        await store.close();
      }
    },
  };
}

async function cutConnections(name: string): Promise<void> {
  await database.ask(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`);
}

/** Asked for, decided by the officers and waited for, each through whichever replica answers. Answers the id. */
async function liveOf(
  fleet: Fleet,
  random: Random,
  wave: { name: string; tag: string; rejected: boolean },
): Promise<string> {
  const submission = { factory: fixture.factory, version: 42, reason: 'a fix', name: wave.name, tag: wave.tag };
  const submit = () =>
    answered(fleet, (service) => service.submitWave({ ...submission, idempotencyKey: `key-${wave.name}` }, ci));
  const answers = await Promise.all(random(2) === 0 ? [submit()] : [submit(), submit()]);
  const ids = new Set(answers.map(({ request }) => request.id));
  expect(ids.size).toBe(1);
  const [id = ''] = ids;

  const statement = await answered(fleet, (service) => service.statement(id));
  const approve = (name: string) => {
    const sshsig = fixture.approve(name, statement);
    return answered(fleet, (service) =>
      service.approve(id, { sshsig }, person(name)).catch((error: unknown) => {
        if (wave.rejected && codeOf(error) === 'REQUEST_STATE') return null;
        throw error;
      }),
    );
  };
  const reject = (name: string) => {
    const { text, sshsig } = fixture.reject(name, statement, 'not now');
    return answered(fleet, (service) => service.reject(id, { rejection: text, sshsig }, person(name)));
  };
  const decisions = wave.rejected
    ? [approve('alice'), reject('carol'), reject('carol')]
    : [approve('alice'), approve('alice'), approve('bob')];
  await Promise.all(decisions);

  // Until the last thing that is due for it is done.
  for (;;) {
    const state = await answered(fleet, async (service) => {
      await service.reconcile();
      return (await service.get(id)).state;
    });
    const { store } = await fleet.one();
    const [request, vetoes] = await Promise.all([
      store.requests.find(id).catch(() => null),
      store.requests.rejections(id).catch(() => []),
    ]);
    if (state === 'delivered' && typeof request?.signerTold === 'string') return id;
    if (state === 'closed' && vetoes.some(({ vetoed }) => vetoed !== null)) return id;
  }
}

/** What a caller tries again for: the replica could not. */
const AGAIN = ['STORE_FAILED'];

/** Asks one replica after the other until one answers. */
async function answered<T>(fleet: Fleet, work: (service: SigningService) => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const { service, died } = await fleet.one();
    try {
      const answer = await Promise.race([work(service), died]);
      if (answer !== 'died') return answer;
    } catch (error) {
      if (!AGAIN.includes(codeOf(error))) throw error;
    }
  }
  throw new Error('no replica answered');
}

function codeOf(error: unknown): string {
  return isCountersignError(error) ? error.code : '';
}
