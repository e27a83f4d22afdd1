import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SigningDependencies, SubmitResult } from '../../src/signing/index.js';
import { describeOver } from '../store/databases.js';
import { FACTORY } from '../support/sandbox.js';
import { createRootWorld, type RootWorld } from './root-world.js';
import { ci } from './world.js';

const SUBMISSION = {
  ...{ factory: FACTORY, reason: 'a test' },
  intentions: [{ op: 'rotate-key', role: 'targets' } as const],
};
const PATIENT = { limits: { cutOffAfterMs: 60_000 } };

describeOver('root updates at the same time', (database) => {
  let world: RootWorld;
  beforeEach(async () => {
    world = await createRootWorld({ owned: true, database });
  });
  afterEach(() => world.end());

  async function expectOne(answers: readonly SubmitResult[]): Promise<void> {
    expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect((await world.service.list({ limit: 10 })).items).toHaveLength(1);
    expect(await world.service.rootTransaction(FACTORY)).toMatchObject({ status: 'STARTED', transaction: 'ours' });
    const events = await world.store.events.list({ after: 0, limit: 100 });
    expect(events.filter(({ type }) => type === 'transaction-begun')).toHaveLength(1);
  }

  test('equal submissions under one key to two services make one request, and each is answered with it', async () => {
    const services = [await world.another(PATIENT), await world.another(PATIENT)].map(({ service }) => service);
    const submission = { ...SUBMISSION, idempotencyKey: 'k' };
    await expectOne(
      await Promise.all([...services, ...services].map((service) => service.submitRootUpdate(submission, ci))),
    );
  });

  test('one that comes while another service begins the same waits for what comes of it, and undoes nothing', async () => {
    const { store } = await world.another();
    let met: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (met = resolve));
    const begin: typeof store.rootUpdates.begin = async (transaction) => {
      const holder = await store.rootUpdates.begin(transaction);
      met();
      return holder;
    };
    const second = await world.another({
      ...PATIENT,
      store: { ...store, rootUpdates: { ...store.rootUpdates, begin } },
    });
    let other: Promise<SubmitResult> | undefined;
    const onStep: SigningDependencies['onStep'] = async (step) => {
      if (step !== 'root:before-begin') return;
      other ??= second.service.submitRootUpdate(SUBMISSION, ci);
      await both;
    };
    const first = await world.another({ ...PATIENT, onStep });
    const made = await first.service.submitRootUpdate(SUBMISSION, ci);
    if (other === undefined) throw new Error('nothing was begun');
    expect(made.created).toBe(true);
    await expectOne([made, await other]);
  });
});
