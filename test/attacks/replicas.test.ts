import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runSigner } from '../../src/signer/server/index.js';
import { CI, officer, openAttackWorld, type AttackWorld, type Replica } from '../support/attack-world.js';
import { rejectionOf } from '../support/reject-code.js';
import { requestId } from '../support/signer-bench.js';

/** Two services over one database and one signer, each doing what it does at the very same time. */

let world: AttackWorld;
let both: readonly [Replica, Replica];
beforeEach(async () => {
  world = await openAttackWorld();
  both = [world, await world.another()];
});
afterEach(() => world.end());

const wanted = { factory: 'acme', name: 'w42', version: 42, tag: 'production', reason: 'a fix' };

async function everywhere<T>(
  work: (replica: Replica, index: number) => Promise<T>,
): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(both.map(work));
}

test('that are asked for two documents of one version make one request', async () => {
  const expiries = ['2027-01-31T00:00:00Z', '2027-02-28T00:00:00Z'];
  const asked = await everywhere(({ service }, index) =>
    service.submitWave({ ...wanted, expires: expiries[index] ?? '' }, CI),
  );
  expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { items } = await world.service.list({ limit: 10 });
  expect(items).toHaveLength(1);
});

test('that sign and deliver one request at once get one signature, one Wave and one event of each', async () => {
  const id = await world.approved();
  for (let round = 0; round < 3; round += 1) await everywhere(({ service }) => service.reconcile());
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  expect(world.token.signed).toHaveLength(1);
  expect(world.factory.waveList).toHaveLength(1);
  const events = (await world.store.events.list({ after: 0, limit: 100 })).map(({ type }) => type);
  for (const type of ['asked', 'signed', 'delivered', 'published'] as const) {
    expect(events.filter((one) => one === type)).toHaveLength(1);
  }
  await world.service.verifyEvents();
});

test('that take one approval each at once lose neither, and one of the same officer counts once', async () => {
  const id = await world.ask();
  const statement = await world.service.statement(id);
  const approve = ({ service }: Replica, person: string) =>
    service.approve(id, { sshsig: world.fixture.approve(person, statement) }, officer(person));
  await everywhere((replica) => approve(replica, 'alice'));
  expect((await world.service.get(id)).quorum).toMatchObject({ persons: ['alice'], missing: 1 });
  await world.service.reconcile();
  expect(world.token.signed).toEqual([]);
  await Promise.all([approve(both[0], 'bob'), approve(both[1], 'carol')]);
  expect((await world.service.get(id)).quorum).toMatchObject({ missing: 0, persons: ['alice', 'bob', 'carol'] });
  await world.service.verifyEvents();
});

test('one that approves while the other rejects: signed or rejected, and never both', async () => {
  const id = await world.approved({}, ['alice']);
  const statement = await world.service.statement(id);
  const { text, sshsig } = world.fixture.reject('carol', statement, 'no');
  await Promise.allSettled([
    both[0].service
      .approve(id, { sshsig: world.fixture.approve('bob', statement) }, officer('bob'))
      .then(() => both[0].service.reconcile()),
    both[1].service.reject(id, { rejection: text, sshsig }, officer('carol')).then(() => both[1].service.reconcile()),
  ]);
  await world.service.reconcile();
  const { state, closedBecause } = await world.service.get(id);
  expect([`${state} ${closedBecause ?? ''}`, world.token.signed.length]).toEqual(
    state === 'closed' ? ['closed rejected', expect.any(Number)] : ['delivered ', 1],
  );
  if (state === 'closed') expect(world.factory.waveList).toEqual([]);
});

describe('at the signer', () => {
  test('two approved documents of one version that arrive at once: one is signed', async () => {
    const waves = ['2027-01-31T00:00:00Z', '2027-02-28T00:00:00Z'].map((expires, index) =>
      world.wave({ expires, id: requestId(index) }),
    );
    const answers = await Promise.all(waves.map((wave) => rejectionOf(world.signer.sign(world.dossier({ wave })))));
    expect(answers.map((answer) => answer.replace(/ .*/, '')).sort()).toEqual(['RESOLVED', 'WATERMARK_ISSUED']);
    expect(world.token.signed).toHaveLength(1);
  });

  test('one statement that arrives ten times at once is signed once', async () => {
    const lines = world.dossier();
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.signer.sign(lines)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(world.token.signed).toHaveLength(1);
  });

  test('a second signer over the same journal does not start, and logs in to no token', async () => {
    const { stateDir, folder, logger } = world;
    const openTokens = () => Promise.reject(new Error('a token was opened'));
    const second = runSigner({ stateDir, socketPath: `${folder}/second.sock`, openTokens, logger });
    expect(await rejectionOf(second)).toMatch(/^SIGNER_BUSY/);
  });
});
