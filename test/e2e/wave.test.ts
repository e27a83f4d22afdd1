/**
 * The three programs as processes, set up and driven as an operator, officers and a CI job would: by the command line,
 * configuration files and nothing else.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, rmSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { establish } from '../../scripts/demo/establish.js';
import {
  createInstallation,
  firstLine,
  writeConfiguration,
  type Installation,
} from '../../scripts/demo/installation.js';
import { stopAll, type Daemon, type Outcome } from '../../scripts/demo/process.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { commandOf } from './command-of.js';
import { parseExposition } from '../support/exposition.js';

const SETUP_MS = 180_000;
const daemons: Daemon[] = [];
let site: Installation;
let folder: string;
const run = commandOf(() => site);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  site = await createInstallation(folder, [
    { name: 'alice', keyType: 'ed25519' },
    { name: 'bob', keyType: 'rsa' },
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

async function ask(...args: string[]): Promise<string> {
  return (await run(['waves', 'init', ...args, '--reason', 'test'], { as: 'ci' })).stdout.trim();
}

async function approve(id: string, person: string): Promise<Outcome> {
  const { shortCode } = await json(['review', id], person);
  return await run(['approve', id, '--code', String(shortCode)], { as: person });
}

async function restart(program: 'signer' | 'service'): Promise<void> {
  const index = daemons.findIndex(({ name }) => name === program);
  await daemons[index]?.kill();
  daemons[index] = await site.start(program);
}

describe('a Wave, by processes', () => {
  it('is asked, approved by two officers, signed in the token, delivered and accepted; asking twice asks once', async () => {
    const id = await ask('w40', '40', 'production', '--source-tag', 'master');
    expect(await ask('w40', '40', 'production', '--source-tag', 'master')).toBe(id);
    await approve(id, 'alice');
    expect(await json(['show', id], 'ci')).toMatchObject({ state: 'open', quorum: { missing: 1 } });
    await approve(id, 'bob');
    expect(await json(['show', id, '--wait', '60'], 'ci')).toMatchObject({ state: 'delivered' });
    const { stdout } = await run(['waves', 'list'], { as: 'alice' });
    expect(stdout).toMatch(/w40\s+40\s+production\s+active/);
    await run(['waves', 'complete', 'w40'], { as: 'alice' });
  });

  it('goes on by itself when signer and service are killed after the last approval', async () => {
    const id = await ask('w41', '41', 'production', '--prune', '40');
    await approve(id, 'alice');
    const signer = daemons.findIndex(({ name }) => name === 'signer');
    await daemons[signer]?.kill();
    await approve(id, 'bob');
    await restart('service');
    daemons[signer] = await site.start('signer');
    expect(await json(['show', id, '--wait', '60'], 'ci')).toMatchObject({ state: 'delivered' });
    const signed = JSON.parse((await run(['signed', id], { as: 'ci' })).stdout) as { signed: { targets: object } };
    expect(Object.keys(signed.signed.targets)).toEqual(['intel-corei7-64-lmp-41', 'raspberrypi4-64-lmp-41']);
    await run(['waves', 'complete', 'w41'], { as: 'alice' });
  });

  it('may be submitted as the unsigned document itself, and is the same Wave', async () => {
    const preview = await json(['waves', 'init', 'w42', '42', 'production', '--reason', 'x', '--dry-run'], 'ci');
    expect(preview).toHaveProperty('summary.version', 42);
    const id = await ask('w42', '42', 'production', '--expires-at', '2027-10-01T00:00:00Z');
    const dossier = (await run(['dossier', id], { as: 'alice' })).stdout.trim().split('\n');
    const document = dossier
      .map((line) => JSON.parse(line) as { type: string; text: string })
      .find(({ type }) => type === 'document');
    await run(['cancel', id], { as: 'ci' });
    const file = join(folder, 'targets.json');
    writeFileSync(file, document?.text ?? '');
    const again = await ask('w42', '42', 'production', '--targets', file);
    expect(again).not.toBe(id);
    expect((await json(['show', again], 'ci'))['documents']).toEqual((await json(['show', id], 'ci'))['documents']);
    await run(['cancel', again], { as: 'ci' });
  });

  it('is not signed after a rejection, whoever approves', async () => {
    const id = await ask('w43', '43', 'production');
    await approve(id, 'alice');
    await run(['reject', id, '--reason', 'one board only'], { as: 'bob' });
    expect(await json(['show', id], 'ci')).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
    const { stderr } = await run(['approve', id, '--code', '0000-0000'], { as: 'bob', expect: EXIT.refused });
    expect(stderr).not.toBe('');
  });

  it('waits with a status of its own, and a wrong code signs nothing', async () => {
    const args = ['waves', 'init', 'w44', '44', 'production', '--reason', 'x', '--wait', '1'];
    const { stdout } = await run(args, { as: 'ci', expect: EXIT.waiting });
    const id = stdout.trim();
    await run(['approve', id, '--code', 'ffff-ffff'], { as: 'alice', expect: EXIT.refused });
    await run(['approve', id], { as: 'alice', expect: EXIT.usage });
    expect(await json(['show', id], 'ci')).toMatchObject({ approvals: [] });
    await run(['cancel', id], { as: 'ci' });
  });

  it('is refused at once with what is wrong when the signer would refuse it', async () => {
    const low = await run(['waves', 'init', 'low', '40', 'production', '--reason', 'x'], {
      as: 'ci',
      expect: EXIT.refused,
    });
    expect(low.stderr).toContain('WAVE_VERSION_NOT_HIGHER');
    const none = await run(['waves', 'init', 'none', '99', 'production', '--reason', 'x'], {
      as: 'ci',
      expect: EXIT.refused,
    });
    expect(none.stderr).toContain('WAVE_VERSION_UNKNOWN');
  });

  it('is ready, its canary proved in the token, and counted in the metrics', async () => {
    const ready = (await (await fetch(`http://127.0.0.1:${site.ports.service}/readyz`)).json()) as { checks: object[] };
    expect(ready.checks).toContainEqual({ name: 'canary', subject: 'acme-targets', ok: true });
    const answer = await fetch(`http://127.0.0.1:${site.ports.metrics}/metrics`);
    const { samples, types } = parseExposition(await answer.text());
    expect(samples.get('countersign_signer_up')).toBe(1);
    expect(samples.get('countersign_requests{factory="acme",kind="wave",state="delivered"}')).toBe(2);
    expect(samples.get('countersign_approvals_total{factory="acme"}')).toBeGreaterThanOrEqual(4);
    expect(samples.get('countersign_signer_canary_ok{token="acme-targets"}')).toBe(1);
    expect(samples.get('countersign_signer_token_state{token="acme-targets",state="ready"}')).toBe(1);
    const names = [...samples.keys()];
    for (const start of [
      'countersign_signer_signatures_total{keyid="',
      'countersign_published_expires_timestamp_seconds{factory="acme",document="production-root"}',
      'countersign_factory_call_duration_seconds_count{factory="acme",operation="create-wave",outcome="2xx"}',
      'countersign_http_request_duration_seconds_count{operation="approve',
      'countersign_signer_journal_append_duration_seconds_count',
      'countersign_signer_queue_wait_seconds_count{token="acme-targets"}',
      'countersign_signer_process_cpu_seconds_total',
    ]) {
      expect([start, names.some((name) => name.startsWith(start))]).toEqual([start, true]);
    }
    expect(types.get('countersign_signer_worker_restarts_total')).toBe('counter');
    expect((await fetch(`http://127.0.0.1:${site.ports.metrics}/`)).status).toBe(404);
  });

  it('stands in both logs under the id of the call that caused the signing', () => {
    const signed = readFileSync(site.path('logs', 'signer.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"operation":"sign"') && line.includes('"status":200'));
    const ids = signed.map((line) => /"requestId":"([^"]+)"/.exec(line)?.[1] ?? '');
    const service = readFileSync(site.path('logs', 'service.log'), 'utf8').split('\n');
    const caused = ids.filter((id) => service.some((line) => line.includes(id) && line.includes('/approvals')));
    expect(caused).not.toEqual([]); // the other was signed by a service that was started later
  });

  it('leaves the doctor content with service, signer, token and Factory, but for its one root key', async () => {
    const args = ['doctor', '--service-config', site.path('service.yaml'), '--signer-config', site.path('signer.yaml')];
    const { stdout } = await run([...args, '--json'], { as: 'ci', expect: EXIT.refused });
    const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string }[] };
    expect(findings.filter(({ level }) => level === 'fail').map(({ check }) => check)).toEqual(['root keys of acme']);
    const seen = findings.map(({ check }) => check).join(', ');
    for (const check of ['token acme-targets', 'key ', 'journal', 'store', 'clock', 'CI targets of acme']) {
      expect(seen).toContain(check);
    }
    const { stdout: mine } = await run(['doctor', '--json'], { as: 'alice', expect: EXIT.refused });
    const failed = (JSON.parse(mine) as { findings: { check: string; level: string }[] }).findings;
    expect(failed.filter(({ level }) => level === 'fail').map(({ check }) => check)).toEqual(['root keys of acme']);
  });

  it('is verified by the auditor alone, from the dossier, with everything else stopped', async () => {
    const requests = JSON.parse((await run(['requests', '--state', 'delivered', '--json'], { as: 'ci' })).stdout) as {
      id: string;
    }[];
    expect(requests).toHaveLength(2);
    const file = join(folder, 'audit.dossier');
    writeFileSync(file, (await run(['dossier', requests[0]?.id ?? ''], { as: 'alice' })).stdout);
    const evidence = join(folder, 'audit.evidence');
    writeFileSync(evidence, (await run(['evidence', requests[0]?.id ?? ''], { as: 'alice' })).stdout);
    await stopAll(daemons);
    const { stdout } = await run(['verify', file], { as: 'auditor' });
    expect(stdout).toMatch(/alice.*bob/s);
    expect((await run(['verify', evidence], { as: 'auditor' })).stdout).toMatch(/decided to sign this very statement/);
    await run(['signer', 'journal', 'verify', '--config', site.path('signer.yaml')]);
    writeFileSync(file, readFileSync(file, 'utf8').replace('w41', 'w4l'));
    await run(['verify', file], { as: 'auditor', expect: EXIT.refused });
  }, 120_000);

  it('left no PIN and no bearer token in any log', () => {
    const secrets = [
      firstLine(site.path('tokens', 'acme-targets.pin')),
      firstLine(site.path('people', 'ci', 'countersign.token')),
      firstLine(site.path('service', 'factory.token')),
    ];
    for (const log of readdirSync(site.path('logs'))) {
      const text = readFileSync(site.path('logs', log), 'utf8');
      expect(text).not.toBe('');
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });

  it('left every file with a secret readable by its owner alone', () => {
    for (const file of [
      'tokens/acme-targets.pin',
      'people/ci/countersign.token',
      'people/alice/session.json',
      'signer/state/journal.jsonl',
    ]) {
      expect(statSync(site.path(file)).mode & 0o077).toBe(0);
    }
  });
});
