/**
 * The ceremony of a root update, by the command line and nothing else: the targets token is the service's, the root token
 * stands at a machine of its own with a state directory, a journal and pins of its own, and files are carried between them.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { establishPolicy, startFactory, startPrograms } from '../../scripts/demo/establish.js';
import { createInstallation, writeConfiguration, type Installation } from '../../scripts/demo/installation.js';
import { stopAll, type Daemon } from '../../scripts/demo/process.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { commandOf } from './command-of.js';

const SETUP_MS = 600_000;
const daemons: Daemon[] = [];
const quiet = { step: () => undefined, seen: () => undefined };
let site: Installation;
let folder: string;
let ceremony: string;
let keys: { root: string; targets: string };
const run = commandOf(() => site);
const stick = (name: string): string => join(folder, 'stick', name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-ceremony-'));
  const officers = ['alice', 'bob'].map((name) => ({ name, keyType: 'ed25519' }));
  site = { ...(await createInstallation(folder, officers)), tokens: ['acme-root', 'acme-targets'] };
  await writeConfiguration(site);
  await site.makeToken(site.tokens);
  ceremony = splitConfiguration();
  keys = { root: await generate('root', ceremony), targets: await generate('targets', site.path('signer.yaml')) };
  writeFileSync(site.path('factory', 'offline-keys.json'), JSON.stringify(await publicKeys()));
  await startFactory(site, { ...quiet, run }, daemons);
  await establishPolicy(site, { ...quiet, run }, ['acme-root:root', 'acme-targets:targets']);
  const trust = ['--policy', site.path('policy.json'), '--trust', site.path('service', 'trust.json')];
  await run(['signer', 'init', '--config', ceremony, ...trust]);
  await startPrograms(site, { ...quiet, run }, daemons);
}, SETUP_MS);

afterAll(async () => {
  await stopAll(daemons);
  rmSync(folder, { recursive: true, force: true });
}, SETUP_MS);

/** Of the configuration of one signer with both tokens two, each with its own. @returns that of the ceremony machine */
function splitConfiguration(): string {
  const online = site.path('signer.yaml');
  const all = parse(readFileSync(online, 'utf8')) as { tokens: { label: string }[] };
  const [root, targets] = all.tokens;
  writeFileSync(online, stringify({ ...all, tokens: [targets] }));
  mkdirSync(stick(''));
  mkdirSync(site.path('ceremony'), { mode: 0o700 });
  const file = site.path('ceremony.yaml');
  const own = { stateDir: './ceremony/state', socket: './ceremony/signer.sock', tokens: [root] };
  writeFileSync(file, stringify({ ...all, ...own }));
  return file;
}

async function generate(role: string, config: string): Promise<string> {
  const made = ['--config', config, '--factory', 'acme', '--role', role, '--type', 'ed25519', '--force'];
  return (await run(['key', 'generate', ...made])).stdout.trim();
}

async function publicKeys(): Promise<object> {
  const of = async (config: string): Promise<{ root: object[]; targets: object[] }> =>
    JSON.parse((await run(['key', 'list', '--config', config, '--public'])).stdout) as {
      root: object[];
      targets: object[];
    };
  return { root: (await of(ceremony)).root, targets: (await of(site.path('signer.yaml'))).targets };
}

async function json(args: readonly string[], as: string): Promise<Record<string, unknown>> {
  return JSON.parse((await run([...args, '--json'], { as })).stdout) as Record<string, unknown>;
}

async function approve(id: string): Promise<string> {
  const { shortCode } = await json(['review', id], 'alice');
  for (const as of ['alice', 'bob']) await run(['approve', id, '--code', String(shortCode)], { as });
  return String(shortCode);
}

describe('a rotation of the targets key, whose root key is at the ceremony machine', () => {
  let id: string;
  let code: string;

  it('is asked for with what that machine tells of its key, and waits for it once it is approved', async () => {
    const wave = (await run(['waves', 'init', 'w40', '40', 'production', '--reason', 'x'], { as: 'ci' })).stdout.trim();
    await approve(wave);
    expect(await json(['show', wave, '--wait', '60'], 'ci')).toMatchObject({ state: 'delivered' });
    await run(['waves', 'complete', 'w40'], { as: 'alice' });

    keys.targets = await generate('targets', site.path('signer.yaml'));
    await run(['key', 'export', keys.root, '--config', ceremony, '--out', stick('root-key.json')]);
    const asked = ['root', 'rotate-key', '--role', 'targets', '--key', stick('root-key.json'), '--reason', 'x'];
    id = (await run(asked, { as: 'ci' })).stdout.trim();
    await run(['dossier', 'export', id, '--out', stick('early')], { as: 'alice' });
    const early = ['signer', 'sign', stick('early'), '--config', ceremony, '--code'];
    const { stderr } = await run([...early, 'ffff-ffff'], { expect: EXIT.refused });
    code = /short code ([0-9a-f-]+)/.exec(stderr)?.[1] ?? '';
    expect((await run([...early, code], { expect: EXIT.refused })).stderr).toContain('QUORUM_NOT_MET');

    expect(await approve(id)).toBe(code);
    const waiting = await run(['show', id, '--wait', '1'], { as: 'ci' });
    expect(waiting.stdout).toContain(`of the root key ${keys.root}`);
  });

  it('is carried there, signed, carried back and delivered; nothing is written over', async () => {
    const exported = await run(['dossier', 'export', id, '--out', stick('update')], { as: 'alice' });
    expect(exported.stderr).toContain(code);
    await run(['dossier', 'export', id, '--out', stick('update')], { as: 'alice', expect: EXIT.usage });
    const sign = ['signer', 'sign', stick('update'), '--config', ceremony, '--code', code];
    const signed = JSON.parse((await run([...sign, '--out', stick('signed'), '--json'])).stdout) as object;
    expect(signed).toMatchObject({ id, keyids: [keys.root], signatures: 2 });
    await run([...sign, '--out', stick('again')]);
    expect(readFileSync(stick('again'))).toEqual(readFileSync(stick('signed')));
    await run(['verify', stick('signed')], { as: 'auditor' });

    await run(['dossier', 'import', stick('update')], { as: 'ci', expect: EXIT.usage });
    await run(['dossier', 'import', stick('signed'), '--wait', '120'], { as: 'ci' });
    await run(['dossier', 'import', stick('signed')], { as: 'bob' });
    const shown = await json(['show', id], 'ci');
    expect(shown).toMatchObject({ state: 'delivered', signatures: [{ keyid: keys.root }, { keyid: keys.root }] });
    const { stdout } = await run(['root', 'show', '--json'], { as: 'auditor' });
    expect(stdout).toContain(keys.targets);
  });

  it('has evidence of both journals, each of which holds', async () => {
    writeFileSync(stick('evidence'), (await run(['evidence', id], { as: 'alice' })).stdout);
    await stopAll(daemons);
    const { stdout } = await run(['verify', stick('evidence')], { as: 'auditor' });
    expect(stdout).toContain('Journal 2 of 2');
    for (const config of [ceremony, site.path('signer.yaml')]) {
      await run(['signer', 'journal', 'verify', '--config', config]);
    }
  });
});
