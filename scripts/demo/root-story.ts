import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { approve, approveAndWait, waitDelivered } from './approve.js';
import { establishPolicy, startFactory, startPrograms } from './establish.js';
import type { Fleet } from './fleet.js';
import type { Installation } from './installation.js';
import { playLegacyOwner } from './legacy-owner.js';
import type { Narrator } from './narrate.js';
import type { Daemon } from './process.js';

export interface Story {
  readonly installation: Installation;
  readonly narrator: Narrator;
  readonly fleet: Fleet;
}

const TAG = 'production';

/** Two tokens with two PINs, in each a standby key and a canary; a Factory; policy; the programs. */
export async function establishTwoTokens(
  { installation, narrator }: Story,
  daemons: Daemon[],
  begin: () => Promise<void>,
): Promise<{ rootKeyid: string }> {
  const { step, seen, run } = narrator;
  step('Two tokens with PINs of their own, and a key made inside each');
  await installation.makeToken();
  for (const token of installation.tokens) {
    await run(['key', 'generate', '--config', installation.path('signer.yaml'), '--token', token, '--role', 'canary']);
  }
  const rootKeyid = await generateStandby({ installation, narrator }, 'root', 'ed25519');
  await generateStandby({ installation, narrator }, 'targets', 'rsa4096');
  step('A Factory');
  await startFactory(installation, narrator, daemons);
  await begin();
  await establishPolicy(installation, narrator, ['acme-root:root', 'acme-targets:targets']);
  await startPrograms(installation, narrator, daemons);
  seen('the root token is needed for root updates alone; Waves go on without it');
  return { rootKeyid };
}

/** A new Factory: its own first root key signs once more, on the operator's machine, and is gone. */
export async function takeOwnershipOfRoot({ installation, narrator, fleet }: Story, newKey: string): Promise<void> {
  const { step, seen, run } = narrator;
  step('Ownership of root: the Factory’s first root key signs the root that retires it');
  const asked = await run(['contribute', '--first-time', '--reason', 'Take ownership of root', '--new-key', newKey], {
    as: 'operator',
  });
  const id = asked.stdout.trim();
  seen('that key was in the memory of the operator’s command line alone, and is forgotten');
  await approveAndWait(installation, narrator, id);
  seen(await fleet.look({ tag: null, wave: null }));
}

export async function takeOwnershipOfTargets({ installation, narrator, fleet }: Story): Promise<void> {
  narrator.step('Ownership of targets: production devices want your signature beside the Factory’s');
  const id = await ask(narrator, ['take-ownership', '--role', 'targets', '--reason', 'Take ownership of targets']);
  await approveAndWait(installation, narrator, id);
  narrator.seen(await fleet.look({ tag: null, wave: null }));
}

/** An existing Factory: the root key of the old file signs the root that retires it, then the targets key goes as well. */
export async function migrate(story: Story, keysFile: string): Promise<void> {
  const { installation, narrator, fleet } = story;
  const { step, seen, run } = narrator;
  step('The root key moves into a token: the old one signs the root that retires it');
  const id = await ask(narrator, ['rotate-key', '--role', 'root', '--reason', 'Root key into a token']);
  for (const { name } of installation.officers) await approve(narrator, id, name);
  const contributed = await run(['contribute', id, '--keys', keysFile, '--wait', '60'], { as: 'operator' });
  seen(contributed.stderr.trim().split('\n').at(-1) ?? '');
  await waitDelivered(narrator, id);
  seen(await fleet.look({ tag: TAG, wave: null }));

  step('The targets key moves into a token: production targets are signed again, as they are');
  const targets = await ask(narrator, ['rotate-key', '--role', 'targets', '--reason', 'Targets key into a token']);
  await approveAndWait(installation, narrator, targets);
  seen(await fleet.look({ tag: TAG, wave: null }));

  step('The old file is worthless, and proves it');
  const proof = await run(['contribute', '--prove', '--keys', keysFile], { as: 'operator' });
  for (const line of proof.stderr.trim().split('\n')) seen(line);
}

export async function rotate(story: Story, role: 'root' | 'targets'): Promise<void> {
  const { installation, narrator, fleet } = story;
  narrator.step(
    role === 'targets'
      ? 'Rotation of the targets key: what is in production is signed again with the new one'
      : 'Rotation of the root key',
  );
  await generateStandby(story, role, 'ed25519');
  const id = await ask(narrator, ['rotate-key', '--role', role, '--reason', `Yearly rotation of ${role}`]);
  const reviewed = await narrator.run(['review', id], { as: 'alice' });
  console.log(reviewed.stdout.replace(/^/gmu, '   │ '));
  await approveAndWait(installation, narrator, id);
  narrator.seen(await fleet.look({ tag: TAG, wave: null }));
}

export async function completeWave({ narrator, fleet }: Story, name: string): Promise<void> {
  narrator.step('The Wave is completed: it becomes what production devices of the tag run');
  await narrator.run(['waves', 'complete', name], { as: 'alice' });
  narrator.seen(await fleet.look({ tag: TAG, wave: null }));
}

/** A Wave under the new keys. */
export async function runNextWave({ installation, narrator, fleet }: Story, version: number): Promise<void> {
  const name = `release-${version}`;
  narrator.step('The next Wave, under the new keys');
  const asked = await narrator.run(['waves', 'init', name, String(version), TAG, '--reason', 'Kernel fixes'], {
    as: 'ci',
  });
  await approveAndWait(installation, narrator, asked.stdout.trim());
  narrator.seen(await fleet.look({ tag: TAG, wave: name }));
}

/** Evidence of all requests, and the history that anybody can verify. */
export async function closeStory({ installation, narrator }: Story): Promise<void> {
  const { path } = installation;
  narrator.step('Anybody verifies afterwards');
  const history = await narrator.run(['root', 'history'], { as: 'auditor' });
  console.log(history.stdout.replace(/^/gmu, '   │ '));
  const folder = path('evidence', 'all');
  await narrator.run(['evidence', '--all', '--out', folder], { as: 'alice' });
  const files = readdirSync(folder).sort();
  await Promise.all(files.map((file) => narrator.run(['verify', join(folder, file)], { as: 'auditor' })));
  narrator.seen('every request, with the signer’s journal about it, holds without service, signer or Factory');
  await narrator.run(['signer', 'journal', 'verify', path('signer', 'state', 'journal.jsonl')]);
}

/** An existing Factory with its keys in a file, as fioctl leaves it: owned, and with production targets. */
export async function beginLegacy({ installation, narrator, fleet }: Story, keysFile: string): Promise<void> {
  writeFileSync(keysFile, await playLegacyOwner(installation), { mode: 0o600 });
  narrator.seen(`owned with fioctl’s way of keys: they are in ${keysFile}, and version 41 is in production`);
  narrator.seen(await fleet.look({ tag: TAG, wave: null }));
}

async function ask({ run }: Narrator, args: readonly string[]): Promise<string> {
  return (await run(['root', ...args], { as: 'operator' })).stdout.trim();
}

export async function generateStandby(
  { installation, narrator }: Pick<Story, 'installation' | 'narrator'>,
  role: 'root' | 'targets',
  type: string,
): Promise<string> {
  const { path, factory } = installation;
  const made = await narrator.run(['key', 'generate', '--config', path('signer.yaml'), '--token', `acme-${role}`, '--factory', factory, '--role', role, '--type', type]); // prettier-ignore
  const keyid = made.stdout.trim();
  narrator.seen(`standby key ${keyid} for ${role}: sensitive, not extractable, made in its token`);
  return keyid;
}
