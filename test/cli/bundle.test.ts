import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit-codes.js';
import { formatTime, type Root } from '../../src/tuf/index.js';
import { allowBundles, bundlesOver, type BundleFixture } from '../support/bundle-fixture.js';
import { cli, type CliRun } from '../support/cli.js';
import { metadataText, signRoot } from '../support/factory-fixture.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';
import { writeStick, type StickContent } from '../support/write-stick.js';

const DAY_MS = 24 * 60 * 60 * 1000;

let world: HttpWorld;
let bundles: BundleFixture;
let ci: string;
let folder: string;
/** Called when a bundle has been asked for and its command waits. */
let asked: (() => Promise<void>) | null = null;

beforeAll(async () => {
  world = await openHttpWorld({
    fixture: { changePolicy: allowBundles },
    wrap: (signing) => ({
      ...signing,
      submitBundle: async (submission, caller) => {
        const result = await signing.submitBundle(submission, caller);
        await asked?.();
        return result;
      },
    }),
  });
  const { productionTargets } = world.fixture;
  if (productionTargets === null) throw new Error('the fixture has production targets');
  bundles = bundlesOver(world.fixture, productionTargets);
  ci = await world.token();
  folder = mkdtempSync(join(tmpdir(), 'countersign-stick-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.close();
});

const file = (name: string): string => join(folder, 'tuf', name);
const write = (name: string, text: string | Buffer): void => writeFileSync(file(name), text);
const bundleFile = (): string => readFileSync(file('bundle-targets.json'), 'utf8');
const timeAt = (days: number): string => formatTime(new Date(world.clock.now().getTime() + days * DAY_MS));

const makeStick = (content: StickContent = {}): void => writeStick(folder, bundles, content);

const bundle = (...args: string[]): Promise<CliRun> =>
  cli(['bundle', ...args], { url: world.url, bearer: ci, now: world.clock.now() });
const show = (): Promise<CliRun> => bundle('show', folder);
const sign = (...more: string[]): Promise<CliRun> =>
  bundle('sign', folder, '--factory', 'acme', '--reason', 'sticks for site 7', ...more);

/** Approves whatever waits, as alice and bob, and has it signed. */
async function approveAll(): Promise<void> {
  for (const person of ['alice', 'bob']) {
    const client = world.client(await world.session(person));
    for (const { id } of (await client.requests({ state: 'open', waitingFor: person })).items) {
      await client.approve(id, { sshsig: world.fixture.approve(person, await client.statement(id)) });
    }
  }
  await world.settle();
}

beforeEach(() => {
  asked = null;
  makeStick();
});

describe('bundle show', () => {
  it('says of an unsigned folder what it lists, who has signed it and what is missing', async () => {
    const { status, stdout, stderr } = await show();
    expect([status, stderr.trim()]).toEqual([EXIT.done, '1 signature(s) missing: countersign bundle sign']);
    expect(stdout).toContain('Offline bundle for production devices of tag production: version 1');
    expect(stdout).toContain('  intel-corei7-64-lmp-40\n');
    expect(stdout).toContain('1 of 2 signatures under root version 3');
  });

  it('says of a signed one that devices take it', async () => {
    write('bundle-targets.json', bundles.signed(bundles.bundle()));
    const { stdout, stderr } = await show();
    expect(stdout).toContain('2 of 2 signatures');
    expect(stderr).toContain('devices take it');
    expect(JSON.parse((await bundle('show', folder, '--json')).stdout)).toMatchObject({ missing: 0, rootVersion: 3 });
  });
});

describe('a folder that devices would refuse is neither shown as good nor asked for', () => {
  const root = (change: Partial<Root>, keys: readonly TufKey[]): string => {
    const { signed } = world.fixture.roots.production[2] ?? {};
    return metadataText(signRoot({ ...signed, ...change }, keys));
  };

  it.each<[string, () => void, RegExp]>([
    ['without roots', () => rmSync(file('3.root.json')), /USAGE: .*3\.root\.json cannot be read/],
    [
      'with a root in the middle missing',
      () => write('5.root.json', root({ version: 5 }, [world.fixture.keys.root])),
      /4\.root\.json/,
    ],
    [
      'with a root in the middle that somebody altered',
      () => {
        const { root: rootKey } = world.fixture.keys;
        write('4.root.json', root({ version: 4 }, [rootKey]).replace(/"version":4/, '"version":44'));
        write('5.root.json', root({ version: 5 }, [rootKey]));
      },
      /THRESHOLD_NOT_MET/,
    ],
    [
      'with a root in the middle by a stranger',
      () => {
        write('4.root.json', root({ version: 4 }, [tufKey()]));
        write('5.root.json', root({ version: 5 }, [world.fixture.keys.root]));
      },
      /THRESHOLD_NOT_MET/,
    ],
    [
      'with the CI root in the place of the production root',
      () => write('3.root.json', world.fixture.rootTexts.ci[2] ?? ''),
      /ROOT_NOT_TRUSTED/,
    ],
    ['without a timestamp', () => rmSync(file('timestamp.json')), /USAGE: .*timestamp\.json cannot be read/],
    [
      'with a timestamp that has expired',
      () => makeStick({ timestamp: { expires: timeAt(-1) } }),
      /METADATA_EXPIRED.*timestamp\.json/,
    ],
    ['with a snapshot by a stranger', () => makeStick({ snapshot: { signedBy: tufKey() } }), /THRESHOLD_NOT_MET/],
    [
      'with a snapshot that has expired',
      () => makeStick({ snapshot: { expires: timeAt(-1) } }),
      /METADATA_EXPIRED.*snapshot\.json/,
    ],
    [
      'with the targets of another version',
      () => makeStick({ snapshot: { meta: { 'targets.json': { version: 41 } } } }),
      /BUNDLE_BASE_INVALID/,
    ],
    [
      'with other targets of that version',
      () => makeStick({ snapshot: { meta: { 'targets.json': { version: 40, hashes: { sha256: '0'.repeat(64) } } } } }),
      /BUNDLE_BASE_INVALID/,
    ],
    ['with a snapshot of nothing', () => makeStick({ timestamp: { meta: {} } }), /BUNDLE_BASE_INVALID/],
    [
      'with a bundle that is damaged',
      () => write('bundle-targets.json', bundleFile().slice(0, -9)),
      /bundle-targets\.json/,
    ],
    [
      'with targets in the place of the bundle',
      () => write('bundle-targets.json', readFileSync(file('targets.json'))),
      /METADATA_INVALID at \/signed\/targets: .*bundle-targets\.json/,
    ],
    ['that has expired', () => makeStick({ expires: timeAt(-1) }), /METADATA_EXPIRED.*bundle-targets\.json/],
  ])('%s', async (_what, damage, code) => {
    damage();
    for (const run of [show, sign]) {
      const { status, stdout, stderr } = await run();
      expect(status).not.toBe(EXIT.done);
      expect([stdout, stderr]).toEqual(['', expect.stringMatching(code)]);
    }
  });
});

describe('bundle sign --wait', () => {
  it('writes the signed bundle back once it is approved, and nothing else', async () => {
    asked = approveAll;
    const before = readdirSync(join(folder, 'tuf')).sort();
    const { status, stderr } = await sign('--wait');
    expect([status, stderr]).toEqual([EXIT.done, expect.stringContaining('is signed: devices take it')]);
    expect((await show()).stderr).toContain('devices take it');
    expect(readdirSync(join(folder, 'tuf')).sort()).toEqual(before);
    expect((await sign()).stderr).toContain('has all its signatures already');
  });

  it.each<[string, () => void]>([
    ['bundle', () => write('bundle-targets.json', bundles.bundle({ version: 3, targets: ['intel-corei7-64-lmp-40'] }))],
    ['targets', () => write('targets.json', `${readFileSync(file('targets.json'), 'utf8')}\n`)],
    ['roots', () => write('3.root.json', `${readFileSync(file('3.root.json'), 'utf8')}\n`)],
  ])('writes nothing if the %s changed while it waited', async (_what, change) => {
    makeStick({ version: 2 });
    let changed = '';
    asked = async () => {
      change();
      changed = bundleFile();
      await approveAll();
    };
    const { status, stderr } = await sign('--wait');
    expect([status, stderr]).toEqual([EXIT.refused, expect.stringContaining('BUNDLE_CHANGED')]);
    expect(stderr).toContain('nothing was written');
    expect(bundleFile()).toBe(changed);
  });

  it('writes nothing if the folder is gone by then', async () => {
    makeStick({ version: 4 });
    asked = async () => {
      rmSync(join(folder, 'tuf'), { recursive: true });
      await approveAll();
    };
    expect((await sign('--wait')).stderr).toContain('USAGE');
    expect(existsSync(file('bundle-targets.json'))).toBe(false);
  });
});
