import { expect } from '@jest/globals';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { firstLine } from '../../scripts/demo/installation.js';
import { createFoundriesClient } from '../../src/foundries/index.js';
import type { SignerStep } from '../../src/signer/server/steps.js';
import { openTokenPool } from '../../src/signer/token-pool.js';
import type { WaveStep } from '../../src/signing/index.js';
import { formatTime, serializeMetadata } from '../../src/tuf/index.js';
import { recordingLogger } from '../support/recording-logger.js';
import { buildWave } from '../support/sandbox.js';
import { expectDeliveredOnce, expectRejectedOnce, expectSound } from './endings.js';
import type { Kill, KillSite } from './kill-site.js';
import {
  answerOf,
  approve,
  ask,
  delivered,
  handToSigner,
  journalEntries,
  signerOf,
  wholeRejection,
  wholeWave,
} from './waves.js';

/** A request's life in which a program dies as planned; holds its end to what it has to be. */
export type Story = (site: KillSite, kill: Kill) => Promise<void>;

const aWave: Story = async (site, kill) => {
  await expectDeliveredOnce(site, await site.killing(kill, () => wholeWave(site)));
};

const aRejection: Story = async (site, kill) => {
  await expectRejectedOnce(site, await site.killing(kill, () => wholeRejection(site)));
};

/** Over the first approval, and over the one that makes the quorum. */
const eitherApproval: Story = async (site, kill) => {
  await aWave(site, kill);
  await aWave(site, { ...kill, skip: 1 });
};

/** What a dossier teaches is written also where the answer is no, which it is with one approval of two. */
const aRefusal: Story = async (site, kill) => {
  const wave = await ask(site);
  await approve(site, wave, 'alice');
  expect(await site.killing(kill, () => handToSigner(site, wave))).toMatch(/^QUORUM_NOT_MET /);
  await approve(site, wave, 'bob');
  await delivered(site, wave);
  await expectDeliveredOnce(site, wave);
};

/** The next policy, signed by its officers, which the signer meets in a dossier that is refused. */
const aNextPolicy: Story = async (site, kill) => {
  const { path } = site;
  const [previous, next] = [path('policy.json'), path('policy-2.json')];
  const officers = ['alice', 'bob'];
  await expectDone(site, [
    ...['policy', 'draft', '--previous', previous, '--out', next, '--factory', site.factory],
    ...officers.flatMap((name) => ['--officer', `${name}=${path('people', name, 'id.pub')}`]),
    ...[
      '--url',
      `http://127.0.0.1:${site.ports.factory}`,
      '--root',
      path('1.root.json'),
      '--token',
      'acme-targets:targets',
    ],
  ]);
  for (const name of officers)
    await site.call(['policy', 'sign', next, '--person', name, '--previous', previous], name);
  await site.restartServiceWithPolicies(2);
  await aRefusal(site, kill);
  expect(journalEntries(site, 'policy')).toMatchObject([{ version: 1 }, { version: 2 }]);
};

/** A key that was made in the token beside the running signer. */
const aNewKey: Story = async (site, kill) => {
  const config = ['--config', site.path('signer.yaml')];
  await expectDone(site, [
    'key',
    'generate',
    ...config,
    '--factory',
    site.factory,
    '--role',
    'root',
    '--type',
    'ed25519',
  ]);
  await aWave(site, kill);
  expect(journalEntries(site, 'key')).toMatchObject([{ role: 'targets' }, { role: 'root' }]);
};

/** The key was used past the signer, and the Factory publishes what came of it: the role is frozen, and stays so. */
const aStolenKey: Story = async (site, kill) => {
  const token = firstLine(site.path('service', 'factory.token'));
  const url = `http://127.0.0.1:${site.ports.factory}`;
  const client = createFoundriesClient({
    factory: site.factory,
    url,
    token: () => token,
    userAgent: 'thief',
    timeoutMs: 60_000,
  });
  const stolen = { name: 'stolen', tag: 'stolen', version: 43 };
  const expires = formatTime(new Date(Date.now() + 30 * 86_400_000));
  const signedBytes = await buildWave(client, stolen.version, stolen.tag, (signed) => ({ ...signed, expires }));
  const metadata = serializeMetadata({ signatures: [await signPastTheSigner(site, signedBytes)], signedBytes });
  await client.createWave({ ...stolen, metadata });
  const published = String(await client.waveTargets(stolen.name));
  const show = () =>
    answerOf(() =>
      signerOf(site).published({ factory: site.factory, tag: stolen.tag, wave: stolen.name, metadata: published }),
    );

  expect(await site.killing(kill, show)).toMatch(/^ROLE_FROZEN /);
  expect(await show()).toMatch(/^ROLE_FROZEN /);
  expect(journalEntries(site, 'freeze')).toMatchObject([{ role: 'targets', version: stolen.version }]);
  const wave = await ask(site);
  await approve(site, wave, 'alice');
  expect(await handToSigner(site, wave)).toMatch(/^ROLE_FROZEN /);
  await expectSound(site);
};

async function signPastTheSigner(site: KillSite, payload: Buffer) {
  const stateDir = site.path('thief');
  mkdirSync(stateDir);
  const workerPath = fileURLToPath(new URL('../../dist/signer/worker-main.js', import.meta.url));
  const pool = await openTokenPool(site.shim.token, { logger: recordingLogger(), stateDir, workerPath });
  try {
    const key = (await pool.keys()).find(({ role }) => role === 'targets');
    return (await pool.sign({ keyid: key?.keyid ?? '', payload })).signature;
  } finally {
    await pool.close();
  }
}

async function expectDone(site: KillSite, args: readonly string[]): Promise<void> {
  expect(await site.countersign(args)).toMatchObject({ status: 0 });
}

export const SERVICE_STORIES: Readonly<Record<WaveStep, Story>> = {
  'submit:before-insert': aWave,
  'submit:after-insert': aWave,
  'submit:after-open': aWave,
  'approve:before-store': eitherApproval,
  'approve:after-store': eitherApproval,
  'reject:after-store': aRejection,
  'reject:after-veto': aRejection,
  'sign:before-signer': aWave,
  'sign:after-signer': aWave,
  'sign:after-store': aWave,
  'deliver:before-post': aWave,
  'deliver:after-post': aWave,
  'deliver:after-fetch': aWave,
  'deliver:after-store': aWave,
  'publish:after-signer': aWave,
  'publish:after-store': aWave,
};

export const SIGNER_STORIES: Readonly<Record<SignerStep, Story>> = {
  'sign:verified': aWave,
  'sign:decided': aWave,
  'journal:key': aNewKey,
  'journal:policy': aNextPolicy,
  'journal:root': aRefusal,
  'journal:freeze': aStolenKey,
  'journal:intent': aWave,
  'sign:intended': aWave,
  'sign:made': aWave,
  'journal:signature': aWave,
  'sign:recorded': aWave,
  'veto:judged': aRejection,
  'journal:veto': aRejection,
  'veto:recorded': aRejection,
  'published:judged': aWave,
  'journal:published': aWave,
  'published:recorded': aWave,
};
