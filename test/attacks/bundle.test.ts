import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  encodeCanonical,
  parseOfflineBundle,
  parseTargets,
  serializeMetadata,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import { checkStickAsDevice } from '../../src/sandbox/index.js';
import { openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { allowBundles, bundlesOver, type BundleDossierOptions, type BundleFixture } from '../support/bundle-fixture.js';
import { codeOf } from '../support/error-code.js';
import { metadataText, signTargets } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { requestId } from '../support/signer-bench.js';
import { listingsOf } from '../support/write-stick.js';

/** Whoever makes the folder, or owns the service, wants one signature to serve for something else. The signer is the real one. */

let world: AttackWorld;
let targets: TargetsMetadata;
let bundles: BundleFixture;

/** Wave w42 is published, and bundles go with its targets. */
beforeEach(async () => {
  world = await openAttackWorld({ changePolicy: allowBundles });
  await world.approved();
  await world.service.reconcile();
  targets = parseTargets((await world.factory.waveTargets('w42')) ?? Buffer.alloc(0));
  await world.factory.completeWave('w42');
  bundles = bundlesOver(world.fixture, targets);
});
afterEach(() => world.end());

const sign = (options: BundleDossierOptions = {}) => rejectionOf(world.signer.sign(bundles.dossier(options)));
const signWave = (
  wave: ReturnType<AttackWorld['wave']>,
  change: { approvals?: readonly string[]; statement?: string; documents?: string[] },
) =>
  rejectionOf(
    world.signer.sign(world.dossier({ wave, parts: (parts) => ({ ...parts, productionTargets: null, ...change }) })),
  );
const approvalsOf = (text: string) => ['alice', 'bob'].map((person) => world.fixture.approve(person, text));
/** That of w42 is there before. */
const signedSince = () => world.token.signed.slice(1);

test('what is approved is signed: the attacks below fail for their own reasons', async () => {
  expect(await sign()).toBe('RESOLVED');
  expect(signedSince()).toHaveLength(1);
});

test('approvals of a bundle count for no Wave, and those of a Wave for no bundle', async () => {
  const wave = world.wave({ version: 45, id: requestId(45) });
  const bundle = bundles.statement();
  expect(await signWave(wave, { approvals: approvalsOf(bundle.text) })).toMatch(/^QUORUM_NOT_MET/);
  const approvals = approvalsOf(wave.text);
  expect(await sign({ parts: (parts) => ({ ...parts, approvals }) })).toMatch(/^QUORUM_NOT_MET/);
  expect(signedSince()).toEqual([]);
});

test('an approved statement of a bundle gets no Wave signed, and that of a Wave no bundle', async () => {
  const wave = world.wave({ version: 45, id: requestId(45) });
  const { text } = bundles.statement();
  expect(await signWave(wave, { statement: text, approvals: approvalsOf(text) })).not.toBe('RESOLVED');
  const swapped = { statement: wave.text, approvals: approvalsOf(wave.text) };
  expect(await sign({ parts: (parts) => ({ ...parts, ...swapped }) })).not.toBe('RESOLVED');
  expect(signedSince()).toEqual([]);
});

test('targets are signed as no bundle, and a bundle as no targets', async () => {
  const { signed, signatures } = targets;
  const both = {
    ...signed,
    'x-fio-offline-bundle': { type: 'prod', tag: 'production', targets: Object.keys(signed.targets) },
  };
  const signedBytes = encodeCanonical(both);
  const disguised = serializeMetadata({ signatures, signedBytes }).toString('utf8');
  for (const bundle of [disguised, metadataText(targets)]) {
    expect(await sign({ parts: (parts) => ({ ...parts, bundle }) })).toMatch(/^METADATA_INVALID \/signed\/targets/);
  }
  const wave = world.wave({ version: 45, id: requestId(45) });
  const bundle = parseOfflineBundle(bundles.bundle()).signedBytes;
  for (const document of [signedBytes, bundle]) {
    expect(await signWave(wave, { documents: [document.toString('utf8')] })).not.toBe('RESOLVED');
  }
  expect(signedSince()).toEqual([]);
});

test('a signed bundle is no targets to a device, and signed targets are no bundle', async () => {
  const { signatures } = await world.signer.sign(bundles.dossier());
  const { signatures: online, signedBytes } = parseOfflineBundle(bundles.bundle());
  const ours = signatures.map(({ keyid, method, sig }) => ({ keyid, method, sig }));
  const bundle = serializeMetadata({ signatures: [...online, ...ours], signedBytes });
  const text = Buffer.from(metadataText(targets));
  const roots = world.fixture.rootTexts.production.map((root) => Buffer.from(root));
  const { snapshot, timestamp } = listingsOf(bundles);
  const listings = { snapshot: Buffer.from(snapshot), timestamp: Buffer.from(timestamp) };
  const check = (files: { targets: Buffer; bundle: Buffer }) =>
    checkStickAsDevice(
      { roots, ...listings, ...files },
      { tag: 'production', hardwareId: 'intel-corei7-64' },
      world.clock.now(),
    );
  expect(check({ targets: text, bundle }).installable).toEqual(['intel-corei7-64-lmp-42']);
  expect(check({ targets: bundle, bundle })).toMatchObject({
    installable: [],
    reasons: [{ code: 'METADATA_INVALID' }],
  });
  expect(check({ targets: text, bundle: text })).toMatchObject({
    installable: [],
    reasons: [{ code: 'METADATA_INVALID' }],
  });
  expect(codeOf(() => parseTargets(bundle))).toBe('METADATA_INVALID');
});

test.each<[string, () => BundleDossierOptions]>([
  ['of another Target', () => ({ bundle: bundles.bundle({ targets: ['raspberrypi4-64-lmp-42'] }) })],
  ['that lives longer', () => ({ bundle: bundles.bundle({ expires: '2026-12-22T15:59:59Z' }) })],
  ['of another version', () => ({ bundle: bundles.bundle({ version: 2 }) })],
])('a bundle %s in the place of the approved one is not signed', async (_what, content) => {
  const { bundle } = content();
  const approved = bundles.statement();
  const dossier = bundles.dossier({
    parts: (parts) => ({ ...parts, statement: approved.text, bundle: bundle?.toString('utf8') ?? '' }),
  });
  expect(await rejectionOf(world.signer.sign(dossier))).toMatch(/^CHANGES_DO_NOT_REPRODUCE/);
  expect(signedSince()).toEqual([]);
});

test('an approved bundle is not signed beside other targets, which say something else of the same names', async () => {
  const { online } = world.fixture.keys;
  const other = signTargets({ ...targets.signed, expires: '2027-12-31T00:00:00Z' }, [world.key, online]);
  const beside = { tag: 'production', text: metadataText(other) };
  expect(await sign({ parts: (parts) => ({ ...parts, targets: beside }) })).toMatch(/^STATEMENT_BASE_MISMATCH/);
  expect(signedSince()).toEqual([]);
});

test('a lying service gets none signed in another tag’s name, and none whose approvals are of another bundle', async () => {
  const statement = (tag: string): BundleDossierOptions => ({
    changeStatement: (it) => ({
      ...it,
      changes: [{ ...it.changes[0], tag }],
      documents: [{ ...it.documents[0], tag }],
    }),
  });
  expect(await sign(statement('devel'))).not.toBe('RESOLVED');
  const second = bundles.bundle({ version: 2 });
  const approvals = approvalsOf(bundles.statement().text);
  const replayed: BundleDossierOptions = {
    bundle: second,
    id: requestId(2),
    parts: (parts) => ({ ...parts, approvals }),
  };
  expect(await sign(replayed)).toMatch(/^QUORUM_NOT_MET/);
  expect(signedSince()).toEqual([]);
});
