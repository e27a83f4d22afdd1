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
import type { Kill, KillSite, Mortal } from './kill-site.js';
import {
  answerOf,
  approve,
  ask,
  delivered,
  expectDone,
  generateKey,
  handToSigner,
  journalEntries,
  signerOf,
  wholeRejection,
  wholeWave,
} from './waves.js';

/** A request's life in which a program dies as planned; holds its end to what it has to be. */
export type Story = (site: KillSite, kills: readonly Kill[]) => Promise<void>;

/** Where a program dies in one story, time and again: each time it goes on from there. */
export interface Life<S extends string> {
  readonly deaths: readonly (Pick<Kill, 'skip'> & { readonly step: S })[];
  readonly story: Story;
}

/** The steps of one life. */
export function at<S extends string>(...steps: readonly S[]): { readonly step: S }[] {
  return steps.map((step) => ({ step }));
}

/** Those where a program passes unharmed the first time, and dies the second time. */
export function secondTimeAt<S extends string>(...steps: readonly S[]): { readonly step: S; readonly skip: number }[] {
  return steps.map((step) => ({ step, skip: 1 }));
}

/** Lives with what they are called in a list. */
export function titled<L extends Life<string>>(lives: readonly L[]): [string, L][] {
  return lives.map((life) => [life.deaths.map(({ step }) => step).join(', '), life]);
}

export function killsOf(program: Mortal, deaths: Life<string>['deaths']): Kill[] {
  return deaths.map((death) => ({ program, ...death }));
}

const aWave: Story = async (site, kills) => {
  await expectDeliveredOnce(site, await site.killing(kills, () => wholeWave(site)));
};

const aRejection: Story = async (site, kills) => {
  await expectRejectedOnce(site, await site.killing(kills, () => wholeRejection(site)));
};

/** What a dossier teaches is written also where the answer is no, which it is with one approval of two. */
const aRefusal: Story = async (site, kills) => {
  const wave = await ask(site);
  await approve(site, wave, 'alice');
  expect(await site.killing(kills, () => handToSigner(site, wave))).toMatch(/^QUORUM_NOT_MET /);
  await approve(site, wave, 'bob');
  await delivered(site, wave);
  await expectDeliveredOnce(site, wave);
};

/** The next policy, signed by its officers, which the signer meets in a dossier that is refused. */
const aNextPolicy: Story = async (site, kills) => {
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
  await aRefusal(site, kills);
  expect(journalEntries(site, 'policy')).toMatchObject([{ version: 1 }, { version: 2 }]);
};

/** A key that was made in the token beside the running signer. */
const aNewKey: Story = async (site, kills) => {
  await generateKey(site, 'root');
  await aWave(site, kills);
  expect(journalEntries(site, 'key')).toMatchObject([{ role: 'targets' }, { role: 'root' }]);
};

/** The key was used past the signer, and the Factory publishes what came of it: the role is frozen, and stays so. */
const aStolenKey: Story = async (site, kills) => {
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

  expect(await site.killing(kills, show)).toMatch(/^ROLE_FROZEN /);
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

/** What the repeated call, or the next start, finds done is not done again; such steps are in different stories. */
export const SERVICE_LIVES: readonly Life<WaveStep>[] = [
  {
    deaths: [
      ...at('submit:before-insert', 'submit:after-insert'),
      ...at('approve:before-store', 'approve:after-store'),
    ],
    story: aWave,
  },
  {
    deaths: [
      ...at('submit:after-open'),
      // over the approval that makes the quorum
      ...secondTimeAt('approve:before-store', 'approve:after-store'),
      ...at('sign:before-signer', 'sign:after-signer', 'sign:after-store'),
      ...at('deliver:before-post', 'deliver:after-post', 'deliver:after-fetch', 'deliver:after-store'),
      ...at('publish:after-signer', 'publish:after-store'),
    ],
    story: aWave,
  },
  { deaths: at('reject:after-store'), story: aRejection },
  { deaths: at('reject:after-veto'), story: aRejection },
];

/**
 * In this order: the roots are new to a signer only at first. What was written is found by the next life even when it was not synced, so two
 * steps around one line cannot be in the same story.
 */
export const SIGNER_LIVES: readonly Life<SignerStep>[] = [
  { deaths: at('journal:root'), story: aRefusal },
  { deaths: at('journal:policy'), story: aNextPolicy },
  {
    deaths: [
      ...at('journal:key', 'sign:verified', 'sign:decided', 'journal:intent', 'sign:made', 'journal:signature'),
      ...at('published:judged', 'journal:published', 'published:recorded'),
    ],
    story: aNewKey,
  },
  { deaths: at('sign:intended', 'sign:recorded'), story: aWave },
  { deaths: at('veto:judged', 'journal:veto', 'veto:recorded'), story: aRejection },
];

/** What freezes a role ends all other stories. */
export const LAST_SIGNER_LIFE: Life<SignerStep> = { deaths: at('journal:freeze'), story: aStolenKey };
