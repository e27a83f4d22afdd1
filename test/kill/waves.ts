import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createSignerClient } from '../../src/signer/client/index.js';
import { rejectionOf } from '../support/reject-code.js';
import { eventually } from './eventually.js';
import type { KillSite } from './kill-site.js';

export interface Asked {
  readonly id: string;
}

export interface Wave extends Asked {
  readonly name: string;
  /** Of its own, so that no Wave stands in the way of another. */
  readonly tag: string;
}

let waves = 0;

/** What a CI job does. */
export async function ask(site: KillSite): Promise<Wave> {
  waves += 1;
  const [name, tag] = [`w${waves}`, `t${waves}`];
  const printed = await site.call(['waves', 'init', name, '42', tag, '--reason', 'test'], 'ci');
  return { id: printed.trim(), name, tag };
}

/** What an officer does. */
export async function approve(site: KillSite, { id }: Asked, person: string): Promise<void> {
  const { shortCode } = JSON.parse(await site.call(['show', id, '--json'], person)) as { shortCode: string };
  await site.call(['approve', id, '--code', shortCode], person);
}

/** Asked for, approved twice, waited for: all that people do for a Wave. Resolves when the signer was told of it as well. */
export async function wholeWave(site: KillSite): Promise<Wave> {
  const wave = await ask(site);
  await approve(site, wave, 'alice');
  await approve(site, wave, 'bob');
  await delivered(site, wave);
  return wave;
}

export async function delivered(site: KillSite, { id }: Asked): Promise<void> {
  await eventually(`the delivery of ${id}`, async () => {
    const { state } = JSON.parse(await site.call(['show', id, '--wait', '60', '--json'], 'ci')) as { state: string };
    if (state === 'open' || state === 'signed') return null;
    if (state !== 'delivered') throw new Error(`the request is ${state}`);
    return true;
  });
  await eventually(`the signer told of ${id}`, async () => (await site.store.requests.find(id))?.signerTold ?? null);
}

/** A Wave that one officer approves and the other rejects. Resolves when the signer has the veto. */
export async function wholeRejection(site: KillSite): Promise<Wave> {
  const wave = await ask(site);
  await approve(site, wave, 'alice');
  await site.call(['reject', wave.id, '--reason', 'not now'], 'bob');
  await eventually(
    `the veto of ${wave.id}`,
    async () => (await site.store.requests.rejections(wave.id))[0]?.vetoed ?? null,
  );
  return wave;
}

/** What somebody does who has a dossier and can reach the signer's socket; again and again as long as it does not answer. */
export async function handToSigner(site: KillSite, { id }: Asked): Promise<string> {
  const lines = (await site.call(['dossier', id], 'alice')).split(/(?<=\n)/u);
  return answerOf(() => signerOf(site).sign(lines));
}

/** The code of the signer's answer, once there is one. */
export async function answerOf(ask: () => Promise<unknown>): Promise<string> {
  return eventually('an answer of the signer', async () => {
    const answer = await rejectionOf(ask());
    return answer.startsWith('SIGNER_UNAVAILABLE') ? null : answer;
  });
}

export function signerOf({ path }: KillSite): ReturnType<typeof createSignerClient> {
  return createSignerClient({ socketPath: path('signer', 'signer.sock') });
}

/** A key made in the token beside the running signer. @returns its keyid */
export async function generateKey(site: KillSite, role: 'root' | 'targets'): Promise<string> {
  const config = ['--config', site.path('signer.yaml')];
  const made = ['--factory', site.factory, '--role', role, '--type', 'ed25519'];
  return (await expectDone(site, ['key', 'generate', ...config, ...made])).trim();
}

/** Runs a command as nobody in particular, in a process of its own. @returns what it prints */
export async function expectDone(site: KillSite, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await site.countersign(args);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What the signer's journal holds of a type. */
export function journalEntries(site: KillSite, type: string): Record<string, unknown>[] {
  const lines = readFileSync(site.path('signer', 'state', 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((entry) => entry['type'] === type);
}
