/**
 * Root updates with everything real: two SoftHSM tokens with two PINs, and signer, service and Factory as processes. What other tests
 * show with keys in memory is shown here to hold with tokens that come and go.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFleet, type Fleet } from '../../scripts/demo/fleet.js';
import {
  createInstallation,
  firstLine,
  MAIN,
  writeConfiguration,
  type Installation,
} from '../../scripts/demo/installation.js';
import type { Narrator } from '../../scripts/demo/narrate.js';
import { stopAll, type Daemon } from '../../scripts/demo/process.js';
import { establishTwoTokens, takeOwnershipOfRoot, takeOwnershipOfTargets } from '../../scripts/demo/root-story.js';
import { createApiClient, type ApiClient, type RequestView, type RootIntentionBody } from '../../src/api/index.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli } from '../support/cli.js';

const STORY_MS = 600_000;
const daemons: Daemon[] = [];
let folder: string;
let site: Installation;
let fleet: Fleet;

/** In this process where that makes no difference; what loads a PKCS#11 module is a program of its own. */
const run: Narrator['run'] = async (args, { as, expect: status = EXIT.done } = {}) => {
  const outcome =
    args[0] === 'key' || args[0] === 'signer'
      ? await site.countersign(args)
      : await cli(args, as === undefined ? {} : { config: site.path('people', as, 'client.yaml'), home: folder });
  if (outcome.status === status) return outcome;
  throw new Error(`countersign ${args.join(' ')} ended with ${outcome.status}, not ${status}:\n${outcome.stderr}`);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-root-e2e-'));
  const officers = ['alice', 'bob'].map((name) => ({ name, keyType: 'ed25519' }));
  site = await createInstallation(folder, officers, MAIN, 'new');
  await writeConfiguration(site);
  fleet = createFleet(site);
  const narrator: Narrator = { step: () => undefined, seen: () => undefined, run };
  const story = { installation: site, narrator, fleet };
  const { rootKeyid } = await establishTwoTokens(story, daemons, () => Promise.resolve());
  await takeOwnershipOfRoot(story, rootKeyid);
  await takeOwnershipOfTargets(story);
}, STORY_MS);

afterAll(async () => {
  await stopAll(daemons);
  rmSync(folder, { recursive: true, force: true });
}, STORY_MS);

function api(as: string): ApiClient {
  const bearer = firstLine(site.path('people', as, 'countersign.token'));
  return createApiClient({ baseUrl: `http://127.0.0.1:${site.ports.service}`, bearer });
}

async function ask(...intentions: RootIntentionBody[]): Promise<string> {
  const { request } = await api('operator').submitRootUpdate(site.factory, { intentions, reason: 'a test' });
  return request.id;
}

async function askForWave(version: number): Promise<string> {
  const args = ['waves', 'init', `w${version}`, String(version), 'production', '--reason', 'a test'];
  return (await run(args, { as: 'ci' })).stdout.trim();
}

async function approve(id: string): Promise<void> {
  const { shortCode } = await api('ci').request(id);
  for (const person of ['alice', 'bob']) await run(['approve', id, '--code', shortCode], { as: person });
}

/** Looks until it is so, and fails with what it saw instead. */
async function seen(id: string, isSo: (request: RequestView) => boolean): Promise<RequestView> {
  const until = Date.now() + 240_000;
  for (;;) {
    const request = await api('ci').request(id, { waitSeconds: 2 });
    if (isSo(request) || Date.now() > until) return request;
  }
}

async function delivered(id: string): Promise<RequestView> {
  await approve(id);
  const request = await seen(id, ({ state }) => state !== 'open' && state !== 'signed');
  expect(request).toMatchObject({ state: 'delivered' });
  return request;
}

async function release(version: number): Promise<void> {
  await delivered(await askForWave(version));
  await fleet.look({ tag: 'production', wave: `w${version}` });
  await run(['waves', 'complete', `w${version}`], { as: 'alice' });
}

interface ListedKey {
  readonly keyid: string;
  readonly role: string;
  readonly use: string;
}

async function keys(role: string): Promise<ListedKey[]> {
  const { stdout } = await run(['key', 'list', '--config', site.path('signer.yaml'), '--json']);
  return (JSON.parse(stdout) as ListedKey[]).filter((key) => key.role === role);
}

async function generate(role: 'root' | 'targets', ...more: string[]): Promise<string> {
  const where = ['--config', site.path('signer.yaml'), '--token', `acme-${role}`, '--factory', site.factory];
  return (await run(['key', 'generate', ...where, '--role', role, '--type', 'ed25519', ...more])).stdout.trim();
}

async function inStatement(id: string): Promise<string[]> {
  const { keys: stated } = JSON.parse(await api('ci').statement(id)) as { keys: { keyid: string }[] };
  return stated.map(({ keyid }) => keyid);
}

async function roleInForce(role: string): Promise<{ keyids: string[]; threshold: number } | undefined> {
  const { production } = await api('operator').roots(site.factory);
  return production.at(-1)?.roles[role];
}

async function noTransaction(): Promise<void> {
  const until = Date.now() + 240_000;
  while ((await api('operator').rootTransaction(site.factory)).transaction !== 'none') {
    if (Date.now() > until) throw new Error('the transaction is still there');
  }
}

/** Where SoftHSM keeps a token. */
function folderOf(label: string): string {
  const all = site.path('tokens', 'tokens');
  const found = readdirSync(all).find((name) => readFileSync(join(all, name, 'token.object')).includes(label));
  if (found === undefined) throw new Error(`no token ${label}`);
  return join(all, found);
}

/** A key that can be lost: its files, which are all that came into its token with it. */
async function generateLosable(role: 'root' | 'targets'): Promise<{ keyid: string; lose(): void }> {
  const token = folderOf(`acme-${role}`);
  const before = new Set(readdirSync(token));
  const keyid = await generate(role);
  const files = readdirSync(token).filter((name) => !before.has(name));
  return { keyid, lose: () => files.forEach((name) => rmSync(join(token, name))) };
}

async function withSignerStopped(work: () => void | Promise<void>): Promise<void> {
  const signer = daemons.findIndex(({ name }) => name === 'signer');
  await daemons[signer]?.stop();
  await work();
  daemons[signer] = await site.start('signer');
}

const usesOf = async (role: string): Promise<Record<string, string>> =>
  Object.fromEntries((await keys(role)).map(({ keyid, use }) => [keyid, use]));

describe('keys in tokens', () => {
  let first: string;
  let targets: { keyid: string; lose(): void };

  it(
    'are consumed by a rotation, and given back by one that is cancelled',
    async () => {
      await release(40);
      [first = ''] = (await roleInForce('targets'))?.keyids.slice(1) ?? [];
      targets = await generateLosable('targets');
      expect(await usesOf('targets')).toEqual({ [first]: 'in-root', [targets.keyid]: 'standby' });
      const cancelled = await ask({ op: 'rotate-key', role: 'targets' });
      expect(await inStatement(cancelled)).toEqual([targets.keyid]);
      const destroy = ['key', 'destroy', targets.keyid, '--config', site.path('signer.yaml')];
      const asking = ['--client-config', site.path('people', 'operator', 'client.yaml')];
      expect((await run([...destroy, ...asking], { expect: EXIT.refused })).stderr).toContain(
        `open request ${cancelled}`,
      );
      await run(['cancel', cancelled], { as: 'operator' });
      await noTransaction();
      const id = await ask({ op: 'rotate-key', role: 'targets' });
      expect(await inStatement(id)).toEqual([targets.keyid]);
      await delivered(id);
      expect(await usesOf('targets')).toEqual({ [first]: 'retired', [targets.keyid]: 'in-root' });
      await fleet.look({ tag: 'production', wave: null });
    },
    STORY_MS,
  );

  it(
    'are destroyed once nothing published names them and the next one signs, with the signer stopped',
    async () => {
      const destroy = async (keyid: string, expected: number = EXIT.done): Promise<string> =>
        (await run(['key', 'destroy', keyid, '--config', site.path('signer.yaml')], { expect: expected })).stderr;
      expect(await destroy(first, EXIT.refused)).toContain('SIGNER_BUSY');
      await withSignerStopped(async () => {
        expect(await destroy(targets.keyid, EXIT.refused)).toContain('KEY_IN_USE');
        expect(await destroy(first)).toContain('destroyed');
        expect(Object.keys(await usesOf('targets'))).toEqual([targets.keyid]);
      });
      await release(41);
    },
    STORY_MS,
  );

  it(
    'are replaced with root alone when the targets key is lost',
    async () => {
      await withSignerStopped(() => targets.lose());
      const next = await generate('targets');
      const { signatures } = await delivered(await ask({ op: 'rotate-key', role: 'targets' }));
      expect(signatures.map(({ keyid }) => keyid)).not.toContain(targets.keyid);
      expect((await roleInForce('targets'))?.keyids.slice(1)).toEqual([next]);
      await release(42);
    },
    STORY_MS,
  );

  it(
    'of root may lie in a safe: the service is ready, Waves go on, and a root update waits for its token',
    async () => {
      const home = folderOf('acme-root');
      const safe = site.path('safe');
      await withSignerStopped(() => renameSync(home, safe));
      const answer = await fetch(`http://127.0.0.1:${site.ports.service}/readyz`);
      const { checks } = (await answer.json()) as { checks: object[] };
      expect([answer.status, checks]).toEqual([200, expect.anything()]);
      const message = expect.stringContaining('root updates wait for it') as unknown;
      expect(checks).toContainEqual({ name: 'token', subject: 'acme-root', ok: true, message });
      const id = await ask({ op: 'resign' });
      await approve(id);
      expect(await seen(id, ({ lastError }) => lastError !== undefined)).toMatchObject({
        state: 'open',
        lastError: { code: 'TOKEN_UNAVAILABLE', message: expect.stringContaining('acme-root') as unknown },
      });
      await delivered(await askForWave(43));
      renameSync(safe, home);
      await run(['signer', 'unlock', 'acme-root', '--config', site.path('signer.yaml')]);
      expect(await seen(id, ({ state }) => state === 'delivered')).toMatchObject({ state: 'delivered' });
      await run(['waves', 'complete', 'w43'], { as: 'alice' });
    },
    STORY_MS,
  );

  it(
    'of root are three of which two are enough, and one may be lost',
    async () => {
      const second = await generateLosable('root');
      await generate('root', '--force');
      const add = { op: 'add-key', role: 'root' } as const;
      await delivered(await ask(add, add, { op: 'set-threshold', role: 'root', threshold: 2 }));
      expect(await roleInForce('root')).toMatchObject({ threshold: 2, keyids: { length: 3 } });
      await withSignerStopped(() => second.lose());
      const { signatures } = await delivered(await ask({ op: 'resign' }));
      expect(new Set(signatures.map(({ keyid }) => keyid)).size).toBe(2);
      await fleet.look({ tag: 'production', wave: null });
    },
    STORY_MS,
  );

  it(
    'of targets are two that both have to sign, where production wants three signatures',
    async () => {
      const second = await generate('targets');
      const change = [
        { op: 'add-key', role: 'targets' },
        { op: 'set-threshold', role: 'targets', threshold: 3 },
      ] as const;
      await delivered(await ask(...change));
      const { keyids = [], threshold } = (await roleInForce('targets')) ?? {};
      expect([keyids.length, keyids[2], threshold]).toEqual([3, second, 3]);
      await fleet.look({ tag: 'production', wave: null });
      const id = await askForWave(44);
      const { signatures } = await delivered(id);
      expect(signatures.map(({ keyid }) => keyid).sort()).toEqual(keyids.slice(1).sort());
      await fleet.look({ tag: 'production', wave: 'w44' });
      await run(['waves', 'complete', 'w44'], { as: 'alice' });
    },
    STORY_MS,
  );
});

describe('a journal that held all of this and is lost', () => {
  it(
    'is rebuilt from evidence and what is published, though keys of that time are lost or destroyed; then all goes on',
    async () => {
      const evidence = site.path('evidence');
      const signer = ['--config', site.path('signer.yaml')];
      await run(['evidence', '--all', '--out', evidence], { as: 'operator' });
      const published = site.path('published.jsonl');
      const recovery = site.path('recovery.json');
      await site.countersign(['signer', 'recover', 'collect', '--out', published], { as: 'auditor' });
      await withSignerStopped(async () => {
        rmSync(site.path('signer', 'state', 'journal.jsonl'));
        const trust = site.path('service', 'trust.json');
        await run(['signer', 'init', ...signer, '--policy', site.path('policy.json'), '--trust', trust]);
        const inputs = ['--evidence', evidence, '--published', published];
        const draft = ['signer', 'recover', 'draft', ...signer, ...inputs, '--reason', 'disk lost', '--out', recovery];
        const { stdout } = await run(draft);
        expect(stdout).not.toContain('ADOPTED');
        for (const as of ['alice', 'bob']) {
          await site.countersign(['signer', 'recover', 'sign', recovery, '--person', as], { as });
        }
        await run(['signer', 'recover', 'apply', recovery, ...signer, ...inputs]);
      });
      await release(45);
      await delivered(await ask({ op: 'resign' }));
      await fleet.look({ tag: 'production', wave: null });
    },
    STORY_MS,
  );
});
