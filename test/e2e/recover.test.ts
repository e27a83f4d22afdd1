/** A journal is lost while everything is real: token, SSH keys, service, Factory. By the command line and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { establish } from '../../scripts/demo/establish.js';
import { createApiClient, type ApiClient, type RequestView } from '../../src/api/index.js';
import {
  createInstallation,
  firstLine,
  writeConfiguration,
  type Installation,
} from '../../scripts/demo/installation.js';
import { stopAll, type Daemon, type Outcome } from '../../scripts/demo/process.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { commandOf } from './command-of.js';

const SETUP_MS = 600_000;
const daemons: Daemon[] = [];
let site: Installation;
let folder: string;
const run = commandOf(() => site);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-recover-'));
  site = await createInstallation(folder, [
    { name: 'alice', keyType: 'ed25519' },
    { name: 'bob', keyType: 'ed25519' },
    { name: 'carol', keyType: 'ed25519' },
  ]);
  await writeConfiguration(site);
  await establish(site, { step: () => undefined, seen: () => undefined, run }, daemons);
}, SETUP_MS);

afterAll(async () => {
  await stopAll(daemons);
  rmSync(folder, { recursive: true, force: true });
}, SETUP_MS);

async function json(args: readonly string[], as: string): Promise<Record<string, unknown>> {
  return JSON.parse((await run([...args, '--json'], { as })).stdout) as Record<string, unknown>;
}

function api(): ApiClient {
  const bearer = firstLine(site.path('people', 'ci', 'countersign.token'));
  return createApiClient({ baseUrl: `http://127.0.0.1:${site.ports.service}`, bearer });
}

/** Looks until it is so, and fails with what it saw instead. */
async function seen(id: string, isSo: (request: RequestView) => boolean): Promise<RequestView> {
  const until = Date.now() + 240_000;
  for (;;) {
    const request = await api().request(id, { waitSeconds: 2 });
    if (isSo(request) || Date.now() > until) return request;
  }
}

async function approved(name: string, version: string): Promise<string> {
  const { stdout } = await run(['waves', 'init', name, version, 'production', '--reason', 'x'], { as: 'ci' });
  const id = stdout.trim();
  const { shortCode } = await api().request(id);
  for (const person of ['alice', 'bob']) await run(['approve', id, '--code', shortCode], { as: person });
  return id;
}

async function stopSigner(): Promise<void> {
  await daemons.find(({ name }) => name === 'signer')?.stop();
}

async function startSigner(): Promise<void> {
  daemons[daemons.findIndex(({ name }) => name === 'signer')] = await site.start('signer');
}

describe('a lost journal', () => {
  it('stops all signing until officers approved its recovery; then Waves go on and old evidence verifies', async () => {
    const signer = ['--config', site.path('signer.yaml')];
    const recovery = join(folder, 'recovery.json');
    const first = await approved('w40', '40');
    expect(await seen(first, ({ state }) => state === 'delivered')).toMatchObject({ state: 'delivered' });
    const evidence = site.path('evidence');
    await run(['waves', 'complete', 'w40'], { as: 'alice' });
    await run(['evidence', '--all', '--out', evidence], { as: 'alice' });
    const file = join(evidence, `${first}.evidence`);

    await stopSigner();
    rmSync(site.path('signer', 'state', 'journal.jsonl'));
    const trust = site.path('service', 'trust.json');
    await run(['signer', 'init', ...signer, '--policy', site.path('policy.json'), '--trust', trust]);
    await startSigner();
    const second = await approved('w41', '41');
    const refused = await seen(second, ({ lastError }) => lastError !== undefined);
    expect(refused).toMatchObject({ state: 'open', lastError: { code: 'JOURNAL_INCOMPLETE' } });
    expect((await run(['evidence', first], { as: 'alice', expect: EXIT.refused })).stderr).toContain('NOT_FOUND');

    const published = join(folder, 'published.jsonl');
    await run(['signer', 'recover', 'collect', '--out', published], { as: 'auditor' });
    const inputs = ['--evidence', evidence, '--published', published];
    const drafted = ['signer', 'recover', 'draft', ...signer, ...inputs, '--reason', 'disk lost', '--out', recovery];
    expect((await run(drafted, { expect: EXIT.refused })).stderr).toContain('SIGNER_BUSY');
    await stopSigner();
    const { stdout: words } = await run(drafted);
    expect(words).toContain(`request   ${first}`);
    expect(words).not.toContain('ADOPTED');

    const apply = ['signer', 'recover', 'apply', recovery, ...signer, ...inputs];
    const sign = (person: string, as: string, status: number = EXIT.done): Promise<Outcome> =>
      run(['signer', 'recover', 'sign', recovery, '--person', person], { as, expect: status });
    await sign('alice', 'alice');
    expect((await sign('bob', 'alice', EXIT.refused)).stderr).toContain('OFFICER_UNKNOWN');
    expect((await run(apply, { expect: EXIT.refused })).stderr).toContain('QUORUM_NOT_MET');
    await sign('bob', 'bob');
    expect(await json(['signer', 'recover', 'review', recovery], 'carol')).toMatchObject({
      persons: ['alice', 'bob'],
      satisfied: true,
    });
    const forged = join(folder, 'forged.json');
    writeFileSync(forged, readFileSync(recovery, 'utf8').replace('disk lost', 'disk gone'));
    const forgedApply = apply.map((argument) => (argument === recovery ? forged : argument));
    expect((await run(forgedApply, { expect: EXIT.refused })).stderr).toContain('QUORUM_NOT_MET');
    expect((await run(apply)).stderr).toContain('approved by alice, bob');

    await startSigner();
    expect((await run(['signer', 'status', ...signer])).stdout).toMatch(/Recovered .* alice, bob: disk lost/);
    // what was refused meanwhile goes on by itself
    expect(await seen(second, ({ state }) => state === 'delivered')).toMatchObject({ state: 'delivered' });
    expect((await run(['evidence', first], { as: 'alice' })).stdout).toBe(readFileSync(file, 'utf8'));
    writeFileSync(file, (await run(['evidence', second], { as: 'alice' })).stdout);
    await run(['verify', file], { as: 'auditor' });
    await run(['signer', 'journal', 'verify', ...signer]);
  }, 900_000);
});
