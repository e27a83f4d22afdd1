import { expect } from '@jest/globals';
import type { SignerStep } from '../../src/signer/server/steps.js';
import type { Step } from '../../src/signing/index.js';
import { setFaults } from '../support/sandbox-faults.js';
import { eventually } from './eventually.js';
import type { KillSite } from './kill-site.js';
import { expectInForceOnce, expectRejectedAndTakenBack } from './root-endings.js';
import { approveAndWait, askForRoot, atFactory, newKeysOf, rebuiltFrom, requestThat } from './roots.js';
import { at, type Life, secondTimeAt, type Story } from './stories.js';
import { approve, type Asked, delivered, generateKey, journalEntries, wholeWave } from './waves.js';

const ROTATE_TARGETS = ['rotate-key', '--role', 'targets'];
/** Reads of an update that is applied very slowly. */
const MANY_READS = 300;

/** Puts a version into the production of a tag of its own. */
export async function inProduction(site: KillSite): Promise<void> {
  const { name } = await wholeWave(site);
  await site.call(['waves', 'complete', name], 'alice');
}

/** What is in production is signed again, by the key that a rejected rotation gave back. */
const aRotation: Story = async (site, kills) => {
  const asked = await site.killing(kills, async () => {
    const rotation = await askForRoot(site, ...ROTATE_TARGETS);
    await approveAndWait(site, rotation);
    return rotation;
  });
  await expectInForceOnce(site, asked, { role: 'targets', keyids: await newKeysOf(site, asked) });
};

const aRejection: Story = async (site, kills) => {
  await generateKey(site, 'targets');
  const asked = await site.killing(kills, async () => {
    const rotation = await askForRoot(site, ...ROTATE_TARGETS);
    await approve(site, rotation, 'alice');
    await site.call(['reject', rotation.id, '--reason', 'not now'], 'bob');
    await requestThat(site, rotation, 'taken back', ({ root }) => root?.transaction === 'ended');
    await eventually(
      `the veto of ${rotation.id}`,
      async () => (await site.store.requests.rejections(rotation.id))[0]?.vetoed ?? null,
    );
    return rotation;
  });
  await expectRejectedAndTakenBack(site, asked);
};

/**
 * While officers read, the transaction is cancelled at the Factory and somebody else begins one; later a Wave comes into production. Each
 * time the same is asked for anew, with the same standby key and no approvals.
 */
const aChangedFactory: Story = async (site, kills) => {
  const other = atFactory(site);
  await generateKey(site, 'targets');
  const asked = await site.killing(kills, async () => {
    const first = await askForRoot(site, ...ROTATE_TARGETS);
    await approve(site, first, 'alice');
    await site.withoutService(async () => {
      await other.cancelRootUpdate();
      await other.beginRootUpdate({ message: 'By hand' });
    });
    const old = await requestThat(site, first, 'waits', ({ lastError }) => lastError?.code === 'ROOT_UPDATE_ACTIVE');
    expect(old).toMatchObject({ state: 'closed', closedBecause: 'superseded' });
    await other.cancelRootUpdate();
    const second = await rebuiltFrom(site, first);
    await expectAskedAnew(site, second, first);
    await inProduction(site);
    const third = await rebuiltFrom(site, second);
    await expectAskedAnew(site, third, second);
    await approveAndWait(site, third);
    return third;
  });
  await expectInForceOnce(site, asked, { role: 'targets', keyids: await newKeysOf(site, asked) });
};

async function expectAskedAnew(site: KillSite, next: Asked, old: Asked): Promise<void> {
  const shown = JSON.parse(await site.call(['show', next.id, '--json'], 'alice')) as object;
  expect(shown).toMatchObject({ state: 'open', approvals: [], root: { rebuiltFrom: old.id } });
  expect(await newKeysOf(site, next)).toEqual(await newKeysOf(site, old));
}

/**
 * The call to apply fails with 503; the next one has its effect, and its answer is lost while the Factory goes on applying. Both programs
 * die meanwhile.
 */
const aSlowApply: Story = async (site, kills) => {
  const other = atFactory(site);
  const asked = await askForRoot(site, 'resign');
  await approve(site, asked, 'alice');
  const apply = { method: 'POST', path: '/root/updates/apply' } as const;
  await setFaults(
    other,
    { kind: 'error', ...apply, when: 'before', status: 503 },
    { kind: 'applying', ...apply, skip: 1, reads: MANY_READS },
    { kind: 'cut', ...apply, skip: 1, when: 'after' },
  );
  await site.killing(kills, async () => {
    await approve(site, asked, 'bob');
    await requestThat(site, asked, 'is applied', ({ lastError }) => lastError?.message.includes('applying') === true);
  });
  await site.kill('service');
  await site.kill('sandbox');
  expect(await other.rootUpdate()).toMatchObject({ status: 'APPLYING' });
  for (let read = 0; read < MANY_READS; read += 1) await other.rootUpdate();
  await delivered(site, asked);
  await expectInForceOnce(site, asked, { role: 'root', keyids: [] });
};

/** A key that was made in the token beside the running signer, and takes the place of the root key. */
const aNewRootKey: Story = async (site, kills) => {
  const [first] = journalEntries(site, 'key').filter(({ role }) => role === 'root');
  const keyid = await generateKey(site, 'root');
  const asked = await site.killing(kills, async () => {
    const rotation = await askForRoot(site, 'rotate-key', '--role', 'root', '--old', String(first?.['keyid']));
    await approveAndWait(site, rotation);
    return rotation;
  });
  await expectInForceOnce(site, asked, { role: 'root', keyids: [keyid] });
};

const aNewExpiry: Story = async (site, kills) => {
  const asked = await site.killing(kills, async () => {
    const update = await askForRoot(site, 'resign');
    await approveAndWait(site, update);
    return update;
  });
  await expectInForceOnce(site, asked, { role: 'root', keyids: [] });
};

/** In this order: the second one takes the key of the first. */
export const ROOT_SERVICE_LIVES: readonly Life<Step>[] = [
  {
    deaths: [
      ...at('root:before-begin', 'root:after-begin'),
      ...at('submit:before-insert', 'submit:after-insert'),
      ...at('reject:after-store', 'root:before-cancel', 'root:after-cancel'),
    ],
    story: aRejection,
  },
  {
    deaths: [
      ...at('submit:after-open', 'approve:before-store', 'approve:after-store'),
      ...at('sign:before-signer', 'sign:after-signer', 'sign:after-store'),
      ...at('root:before-put', 'root:after-put', 'root:before-apply', 'root:after-apply'),
      ...at('deliver:after-fetch', 'deliver:after-store', 'publish:after-signer', 'publish:after-store'),
    ],
    story: aRotation,
  },
  {
    deaths: [
      ...at('root:before-rebuild', 'root:after-begin', 'submit:after-insert', 'root:after-rebuild'),
      ...at('root:before-cancel', 'root:after-cancel'),
    ],
    story: aChangedFactory,
  },
  { deaths: [...at('root:before-apply'), ...secondTimeAt('root:before-apply')], story: aSlowApply },
];

export const ROOT_SIGNER_LIVES: readonly Life<SignerStep>[] = [
  {
    deaths: [
      ...at('journal:key', 'sign:verified', 'sign:decided', 'journal:intent', 'sign:made', 'journal:signatures'),
      ...at('published:judged', 'journal:root', 'published:recorded'),
    ],
    story: aNewRootKey,
  },
  { deaths: at('sign:intended', 'sign:recorded'), story: aNewExpiry },
];
