import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestView, SubmissionWire } from '../../src/api/index.js';
import { readDossierLines, requireKind, verifyDossier } from '../../src/dossier/index.js';
import { CountersignError } from '../../src/errors.js';
import { checkStickAsDevice } from '../../src/sandbox/index.js';
import { allowBundles, bundlesOver, type BundleContent, type BundleFixture } from '../support/bundle-fixture.js';
import { ciEntry, metadataText, signRoot, signTargets } from '../support/factory-fixture.js';
import { expectAsPromised, problemOf } from '../support/http-answers.js';
import { openHttpWorld, type Answer, type HttpWorld } from '../support/http-world.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';
import { listingsOf } from '../support/write-stick.js';

const BUNDLES = '/v1/factories/acme/bundles';
const INTEL = 'intel-corei7-64-lmp-40';
const DAY_MS = 24 * 60 * 60 * 1000;

interface Folder {
  readonly bundle: string;
  readonly targets: string;
  readonly roots: readonly string[];
}

let world: HttpWorld;
let bundles: BundleFixture;
let ci: string;
let offline: TufKey;

beforeAll(async () => {
  world = await openHttpWorld({ fixture: { changePolicy: allowBundles } });
  const { productionTargets, keys } = world.fixture;
  if (productionTargets === null || keys.offline === null) throw new Error('the fixture has both');
  offline = keys.offline;
  bundles = bundlesOver(world.fixture, productionTargets);
  ci = await world.token();
});
afterAll(() => world.close());

/** As fioctl makes it: roots from 3 on. */
function folderWith(content: BundleContent = {}, over: Partial<Folder> = {}): Folder {
  return {
    bundle: bundles.bundle(content).toString('utf8'),
    targets: metadataText(bundles.targets),
    roots: world.fixture.rootTexts.production.slice(2),
    ...over,
  };
}

const ask = (folder: object, more: { headers?: Record<string, string>; body?: object } = {}): Promise<Answer> =>
  world.call(BUNDLES, {
    bearer: ci,
    body: { reason: 'sticks for site 7', folder, ...more.body },
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  });
const requestOf = ({ json }: Answer): RequestView => (json as SubmissionWire).request;

/** Approved by alice and bob, and signed. */
async function sign({ id }: RequestView): Promise<void> {
  for (const person of ['alice', 'bob']) {
    const bearer = await world.session(person);
    const { text } = await world.call(`/v1/requests/${id}/statement`, { bearer });
    const sshsig = world.fixture.approve(person, text);
    expect((await world.call(`/v1/requests/${id}/approvals`, { bearer, body: { sshsig } })).status).toBeLessThan(300);
  }
  await world.settle();
}

describe('a bundle over HTTP', () => {
  let request: RequestView;

  it('is checked in a dry run, which says what may be installed and where that is published, and stores nothing', async () => {
    const answer = await ask(folderWith(), { body: { dryRun: true }, headers: { 'Idempotency-Key': 'dry' } });
    expectAsPromised('submitBundle', answer);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      created: false,
      preview: { summary: { tag: 'production', places: { [INTEL]: { production: true, waves: [] } } } },
    });
    expect((await world.client(ci).requests()).items).toEqual([]);
  });

  it('is taken with 202 and Location, once however often it comes', async () => {
    const answer = await ask(folderWith());
    expectAsPromised('submitBundle', answer);
    expect(answer.status).toBe(202);
    request = requestOf(answer);
    expect(answer.headers.get('location')).toBe(`/v1/requests/${request.id}`);
    expect(request).toMatchObject({
      ...{ kind: 'bundle', state: 'open', wave: null, progress: 'waiting-for-approvals' },
      bundle: { type: 'prod', tag: 'production', version: 1, targets: [INTEL, 'raspberrypi4-64-lmp-40'] },
    });
    const again = await ask(folderWith());
    expect([again.status, again.json]).toMatchObject([202, { created: false, request: { id: request.id } }]);
  });

  it('is listed among the requests of its tag, and of no other', async () => {
    const wave = { name: 'w42', version: 42, tag: 'production', reason: 'a fix' };
    const { id } = requestOf(await world.call('/v1/factories/acme/waves', { bearer: ci, body: wave }));
    const listed = async (query: string) => {
      const answer = await world.call(`/v1/requests?${query}`, { bearer: ci });
      expectAsPromised('listRequests', answer);
      return (answer.json as { items: RequestView[] }).items.map((item) => item.id).sort();
    };
    expect(await listed('tag=production&state=open')).toEqual([id, request.id].sort());
    expect(await listed('tag=devel')).toEqual([]);
  });

  it('is not there signed before it was approved, and then as a device wants it', async () => {
    const path = `/v1/requests/${request.id}/signed`;
    expect(problemOf(await world.call(path, { bearer: ci }))).toBe('409 REQUEST_STATE');
    await sign(request);
    const { status, text } = await world.call(path, { bearer: ci });
    expect(status).toBe(200);
    const { snapshot, timestamp } = listingsOf(bundles);
    const files = {
      roots: world.fixture.rootTexts.production.map((root) => Buffer.from(root)),
      ...{ snapshot: Buffer.from(snapshot), timestamp: Buffer.from(timestamp) },
      targets: Buffer.from(metadataText(bundles.targets)),
      bundle: Buffer.from(text),
    };
    const device = { tag: 'production', hardwareId: 'intel-corei7-64' };
    expect(checkStickAsDevice(files, device, world.clock.now())).toEqual({ installable: [INTEL], reasons: [] });
  });

  it('asked for again is answered with 200 once it is signed; the signed one itself is not taken', async () => {
    const again = await ask(folderWith());
    expectAsPromised('submitBundle', again);
    expect([again.status, again.json]).toMatchObject([
      200,
      { created: false, request: { id: request.id, state: 'delivered' } },
    ]);
    // signed by somebody else's tool: another bundle of which all signatures are there
    const signed = bundles.signed(bundles.bundle({ version: 7 })).toString('utf8');
    expect(problemOf(await ask(folderWith({}, { bundle: signed })))).toBe(
      '409 BUNDLE_SIGNED /folder/bundle/signatures',
    );
  });

  it('beside other targets is another request: they say what its names stand for', async () => {
    const { signed } = bundles.targets;
    const targets = signTargets({ ...signed, expires: '2027-01-01T00:00:00Z' }, [offline, world.fixture.keys.online]);
    const answer = await ask(folderWith({}, { targets: metadataText(targets) }));
    expect([answer.status, answer.json]).toMatchObject([202, { created: true, request: { state: 'open' } }]);
  });

  it('comes as evidence that verifies', async () => {
    const { text } = await world.call(`/v1/requests/${request.id}/evidence`, { bearer: ci });
    const lines = readDossierLines([Buffer.from(text)]);
    const verified = requireKind(await verifyDossier(lines, world.fixture.pins, world.clock.now()), 'bundle');
    expect(verified).toMatchObject({ statement: { id: request.id }, signatures: [{ keyid: offline.keyid }] });
  });

  it('of a Target that is neither in production nor in an active Wave is taken, and said loudly', async () => {
    const gone = 'intel-corei7-64-lmp-39';
    const targets = {
      ...bundles.targets.signed,
      version: 39,
      targets: { [gone]: ciEntry('intel-corei7-64', 39, ['production']) },
    };
    const older = bundlesOver(world.fixture, signTargets(targets, [offline, world.fixture.keys.online]));
    const folder = folderWith({}, { bundle: older.bundle().toString('utf8'), targets: metadataText(older.targets) });
    const { id } = requestOf(await ask(folder));
    const { text } = await world.call(`/v1/requests/${id}/diff`, { bearer: ci, headers: { Accept: 'text/plain' } });
    expect(text).toContain(gone);
    expect(text).toContain('NEITHER IN PRODUCTION NOR IN AN ACTIVE WAVE');
  });
});

describe('an Idempotency-Key', () => {
  const key = (name: string) => ({ headers: { 'Idempotency-Key': name } });

  it('answers with the request that it made, also after that was closed', async () => {
    const folder = folderWith({ version: 11 });
    const { id } = requestOf(await ask(folder, key('k1')));
    const cancel = await world.call(`/v1/requests/${id}/cancellation`, { bearer: ci, body: {} });
    expect(cancel.status).toBe(200);
    expect(requestOf(await ask(folder, key('k1')))).toMatchObject({ id, state: 'closed' });
    expect(requestOf(await ask(folder, key('k2')))).toMatchObject({ state: 'open' });
    expect(requestOf(await ask(folder)).id).not.toBe(id);
  });

  it('is refused with another bundle, other targets or another reason', async () => {
    expect((await ask(folderWith({ version: 12 }), key('k3'))).status).toBe(202);
    for (const other of [
      await ask(folderWith({ version: 13 }), key('k3')),
      await ask(folderWith({ version: 12 }), { ...key('k3'), body: { reason: 'for site 8' } }),
    ]) {
      expect(problemOf(other)).toBe('422 IDEMPOTENCY_CONFLICT');
    }
  });
});

describe('a bundle is refused', () => {
  const timeAt = (days: number): string =>
    `${new Date(world.clock.now().getTime() + days * DAY_MS).toISOString().slice(0, 19)}Z`;
  const text = (content: BundleContent): string => bundles.bundle(content).toString('utf8');
  const listed = '/folder/bundle/signed/x-fio-offline-bundle';

  it.each<[string, () => object, string]>([
    [
      'that is not canonical as it stands',
      () => folderWith({ version: 30 }, { bundle: text({ version: 30 }).replace('"version":30', '"version": 30') }),
      '422 NOT_CANONICAL /folder/bundle/signed/version',
    ],
    [
      'that has targets too',
      () => folderWith({ more: { targets: bundles.targets.signed.targets } }),
      '422 METADATA_INVALID /folder/bundle/signed/targets',
    ],
    [
      'that is targets alone',
      () => folderWith({ version: 30 }, { bundle: metadataText(bundles.targets) }),
      '422 METADATA_INVALID /folder/bundle/signed/targets',
    ],
    [
      'with a bundle in the place of the targets',
      () => folderWith({ version: 30 }, { targets: text({ version: 30 }) }),
      '422 METADATA_INVALID /folder/targets/signed/x-fio-offline-bundle',
    ],
    ['of type ci', () => folderWith({ type: 'ci' }), `422 BUNDLE_TYPE ${listed}/type`],
    [
      'that has expired',
      () => folderWith({ expires: timeAt(-1) }),
      '422 BUNDLE_EXPIRES_INVALID /folder/bundle/signed/expires',
    ],
    [
      'that lives longer than the policy allows',
      () => folderWith({ expires: timeAt(31) }),
      '422 EXPIRES_BEYOND_POLICY /folder/bundle/signed/expires',
    ],
    [
      'of a Target that is not in the targets beside it',
      () => folderWith({ targets: [INTEL, 'intel-corei7-64-lmp-42'] }),
      `422 BUNDLE_TARGET_UNKNOWN ${listed}/targets/1`,
    ],
    [
      'for a tag that the targets are not of',
      () => folderWith({ tag: 'devel' }),
      '422 STATEMENT_BASE_MISMATCH /folder/targets',
    ],
    [
      'with a signature by a stranger',
      () => folderWith({ version: 30, signedBy: [world.fixture.keys.online, tufKey()] }),
      '422 BUNDLE_SIGNATURE_INVALID /folder/bundle/signatures/1',
    ],
    [
      'that the Factory did not sign',
      () => folderWith({ version: 30, signedBy: [] }),
      '422 BUNDLE_SIGNATURE_INVALID /folder/bundle/signatures',
    ],
    [
      'beside targets that only the online key signed',
      () =>
        folderWith(
          { version: 30 },
          { targets: metadataText(signTargets(bundles.targets.signed, [world.fixture.keys.online])) },
        ),
      '422 BUNDLE_BASE_INVALID /folder/targets',
    ],
    [
      'with a root of the same version that was never published',
      () => {
        const { roots, keys } = world.fixture;
        const forged = signRoot({ ...roots.production[2]?.signed, expires: timeAt(99) }, [keys.root]);
        return folderWith({ version: 30 }, { roots: [metadataText(forged)] });
      },
      '422 BUNDLE_BASE_INVALID /folder/roots/0',
    ],
    [
      'with the CI root in the place of the production root',
      () => folderWith({ version: 30 }, { roots: world.fixture.rootTexts.ci.slice(2) }),
      '422 BUNDLE_BASE_INVALID /folder/roots/0',
    ],
    [
      'with a gap between its roots',
      () => {
        const [first, , third] = world.fixture.rootTexts.production;
        return folderWith({ version: 30 }, { roots: [first ?? '', third ?? ''] });
      },
      '422 BUNDLE_BASE_INVALID /folder/roots/1',
    ],
    [
      'without the newest root',
      () => folderWith({ version: 30 }, { roots: world.fixture.rootTexts.production.slice(0, 2) }),
      '409 STALE_BASE /folder/roots',
    ],
    ['without roots', () => folderWith({ version: 30 }, { roots: [] }), '400 INPUT_INVALID /folder/roots'],
    ['without targets', () => ({ bundle: text({ version: 30 }), roots: ['{}'] }), '400 INPUT_INVALID /folder/targets'],
    [
      'with more than a folder has',
      () => ({ ...folderWith(), timestamp: '{}' }),
      '400 INPUT_INVALID /folder/timestamp',
    ],
    [
      'with characters that no signed document has',
      () => folderWith({ version: 30 }, { bundle: text({ version: 30 }).replace('prod"', 'pröd"') }),
      '422 CANONICAL_UNSAFE /folder/bundle',
    ],
    ['that is no JSON', () => folderWith({ version: 30 }, { bundle: '{' }), '400 JSON_INVALID /folder/bundle'],
  ])('%s', async (_what, folder, problem) => {
    const answer = await ask(folder());
    expect(problemOf(answer)).toBe(problem);
  });

  it('without a sign-in, for a Factory that is not served, and while that cannot be asked', async () => {
    const body = { reason: 'sticks', folder: folderWith({ version: 21 }) };
    expect(problemOf(await world.call(BUNDLES, { body }))).toMatch(/^401 UNAUTHENTICATED/);
    expect(problemOf(await world.call('/v1/factories/umbrella/bundles', { bearer: ci, body }))).toMatch(/^404 /);
    world.broken.factory = new CountersignError('FACTORY_UNAVAILABLE', 'away');
    expect(problemOf(await ask(body.folder))).toMatch(/^50[23] FACTORY_UNAVAILABLE/);
    world.broken.factory = null;
  });
});
