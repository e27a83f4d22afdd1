/**
 * An offline bundle by processes: made at the Factory as fioctl makes it, signed through the command line with a key in a
 * token, and read by a device without network.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { establish } from '../../scripts/demo/establish.js';
import {
  createInstallation,
  firstLine,
  writeConfiguration,
  type Installation,
} from '../../scripts/demo/installation.js';
import { stopAll, type Daemon } from '../../scripts/demo/process.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { checkStickAsDevice } from '../../src/sandbox/index.js';
import { createBundleFixture } from '../support/bundle-fixture.js';
import { writeStick } from '../support/write-stick.js';
import { commandOf } from './command-of.js';

const SETUP_MS = 300_000;
const INTEL = 'intel-corei7-64-lmp-41';
const RASPBERRY = 'raspberrypi4-64-lmp-41';
const daemons: Daemon[] = [];
let site: Installation;
let folder: string;
let stick: string;
const run = commandOf(() => site);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-bundle-'));
  stick = join(folder, 'stick');
  site = await createInstallation(folder, [
    { name: 'alice', keyType: 'ed25519' },
    { name: 'bob', keyType: 'ed25519' },
  ]);
  await writeConfiguration(site);
  await establish(site, { step: () => undefined, seen: () => undefined, run }, daemons);
  const wave = await run(['waves', 'init', 'w41', '41', 'production', '--reason', 'test'], { as: 'ci' });
  await approve(wave.stdout.trim());
  await run(['show', wave.stdout.trim(), '--wait', '120'], { as: 'ci' });
  await run(['waves', 'complete', 'w41'], { as: 'alice' });
  await makeStick(INTEL);
}, SETUP_MS);

afterAll(async () => {
  await stopAll(daemons);
  rmSync(folder, { recursive: true, force: true });
}, SETUP_MS);

async function approve(id: string): Promise<void> {
  for (const person of ['alice', 'bob']) {
    const { stdout } = await run(['review', id, '--json'], { as: person });
    const { shortCode } = JSON.parse(stdout) as { shortCode: string };
    await run(['approve', id, '--code', shortCode], { as: person });
  }
}

async function factory(path: string, body?: object): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${site.ports.factory}${path}`, {
    headers: { 'Osf-Token': firstLine(site.path('people', 'alice', 'factory.token')) },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (response.status === 404) return null;
  expect(response.status).toBe(200);
  return await response.text();
}

/** As `fioctl targets offline-update` does: roots from 3 on, then the metadata; a bundle that is there is extended. */
async function makeStick(target: string, more: object = {}, before: string | null = null): Promise<void> {
  mkdirSync(join(stick, 'tuf'), { recursive: true });
  for (let version = 3; ; version += 1) {
    const root = await factory(`/ota/repo/${site.factory}/api/v1/user_repo/${version}.root.json?production=1`);
    if (root === null) break;
    writeFileSync(file(`${version}.root.json`), root);
  }
  const answer = await factory(`/ota/factories/${site.factory}/targets/${target}/meta/`, {
    tag: 'production',
    'expires-in-days': 30,
    production: true,
    ...(before === null ? {} : { 'bundle-targets': JSON.parse(before) as unknown }),
    ...more,
  });
  const documents = JSON.parse(answer ?? '{}') as Record<string, unknown>;
  for (const [name, document] of Object.entries(documents)) {
    writeFileSync(file(`${name}.json`), JSON.stringify(document));
  }
}

function file(name: string): string {
  return join(stick, 'tuf', name);
}

async function installable(hardwareId: string): Promise<readonly string[]> {
  const repo = `/ota/repo/${site.factory}/api/v1/user_repo`;
  const had = await Promise.all([1, 2].map((version) => factory(`${repo}/${version}.root.json?production=1`)));
  const roots = [...had.map((root) => Buffer.from(root ?? '')), readFileSync(file('3.root.json'))];
  const files = {
    roots,
    timestamp: readFileSync(file('timestamp.json')),
    snapshot: readFileSync(file('snapshot.json')),
    targets: readFileSync(file('targets.json')),
    bundle: readFileSync(file('bundle-targets.json')),
  };
  return checkStickAsDevice(files, { tag: 'production', hardwareId }, new Date()).installable;
}

const sign = (...more: string[]) => ['bundle', 'sign', stick, '--reason', 'sticks for site 7', ...more];

describe('an offline bundle, by processes', () => {
  let id: string;

  it('is asked for once, however often, and its officers read what it lets whoever holds it install', async () => {
    expect((await run([...sign(), '--dry-run'], { as: 'ci' })).stdout).toContain('A bearer artefact');
    id = (await run(sign(), { as: 'ci' })).stdout.trim();
    expect((await run(sign(), { as: 'ci' })).stdout.trim()).toBe(id);
    const { stdout } = await run(['review', id], { as: 'alice' });
    expect(stdout).toContain(`  ${INTEL}\n`);
    expect(stdout).toMatch(/now +in the production targets of the tag/);
    expect(stdout).toContain('A bearer artefact');
    expect(await installable('intel-corei7-64')).toEqual([]);
  });

  it('is signed in the token once it is approved, written back, and taken by a device', async () => {
    await approve(id);
    await run(['show', id, '--wait', '120'], { as: 'ci' });
    const { stderr } = await run(sign('--wait', '60'), { as: 'ci' });
    expect(stderr).toContain('devices take it');
    expect(await installable('intel-corei7-64')).toEqual([INTEL]);
    expect(await installable('raspberrypi4-64')).toEqual([]);
    expect((await run(['bundle', 'show', stick], { as: 'ci' })).stdout).toContain('2 of 2 signatures');
    expect((await run(sign(), { as: 'ci' })).stderr).toContain('has all its signatures already');
  });

  it('is evidence that an auditor verifies alone', async () => {
    const evidence = join(folder, 'bundle.evidence');
    writeFileSync(evidence, (await run(['evidence', id], { as: 'alice' })).stdout);
    const { stdout } = await run(['verify', evidence], { as: 'auditor' });
    expect(stdout).toContain('Offline bundle of 1 Target(s) for tag production');
    expect(stdout).toContain('decided to sign this very statement');
  });

  it('loses its signature with the Target that is added, and is another request then', async () => {
    await makeStick(RASPBERRY, {}, readFileSync(file('bundle-targets.json'), 'utf8'));
    expect(await installable('intel-corei7-64')).toEqual([]);
    const second = (await run(sign(), { as: 'ci' })).stdout.trim();
    expect(second).not.toBe(id);
    await run(['reject', second, '--reason', 'one board only'], { as: 'bob' });
    await run(sign('--wait', '1', '--dry-run'), { as: 'ci' });
  });

  it('is not asked for if devices would not take it', async () => {
    const refused = async (code: string): Promise<void> => {
      const { stderr } = await run(sign(), { as: 'ci', expect: EXIT.refused });
      expect(stderr).toContain(code);
    };
    const good = readFileSync(file('bundle-targets.json'), 'utf8');
    writeFileSync(file('bundle-targets.json'), good.replace('"version":2', '"version": 2'));
    await refused('NOT_CANONICAL at /signed/version');
    writeFileSync(file('bundle-targets.json'), good.replace('"version":2', '"version":3'));
    await refused('BUNDLE_SIGNATURE_INVALID');
    await makeStick(INTEL, { 'expires-in-days': 31 });
    await refused('EXPIRES_BEYOND_POLICY');
    await makeStick(INTEL, { production: false, tag: 'master' });
    await refused('BUNDLE_TYPE');
    await makeStick(INTEL);
    const ci = await factory(`/ota/repo/${site.factory}/api/v1/user_repo/3.root.json`);
    writeFileSync(file('3.root.json'), ci ?? '');
    await refused('ROOT_NOT_TRUSTED');
  });

  it('is not asked for over another root chain than the pinned one, however right that is in itself', async () => {
    const forged = join(folder, 'forged');
    writeStick(forged, createBundleFixture({ now: new Date() }));
    expect((await run(['bundle', 'show', forged], { as: 'alice' })).stdout).toContain('1 of 2 signatures');
    const asked = await run(['bundle', 'sign', forged, '--reason', 'r'], { as: 'alice', expect: EXIT.refused });
    expect(asked.stderr).toContain('root version 3 on the stick is not a published one');
  });
});
