import { describe, expect, it } from '@jest/globals';
import { verifyStick } from '../../src/factory/index.js';
import { checkStickAsDevice, type StickFiles, type StickVerdict } from '../../src/sandbox/index.js';
import { parseOfflineBundle, parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../../src/tuf/index.js';
import { createBundleFixture } from '../support/bundle-fixture.js';
import { metadataText } from '../support/factory-fixture.js';
import { listingsOf, type StickContent } from '../support/write-stick.js';

const bundles = createBundleFixture();
const { fixture, targets } = bundles;
const NAMES = Object.keys(targets.signed.targets);
const PAST = '2026-01-01T00:00:00Z';

function filesWith(content: StickContent = {}): StickFiles {
  const { snapshot, timestamp } = listingsOf(bundles, content);
  return {
    roots: fixture.rootTexts.production.map((text) => Buffer.from(text)),
    ...{ snapshot: Buffer.from(snapshot), timestamp: Buffer.from(timestamp) },
    targets: Buffer.from(metadataText(targets)),
    bundle: bundles.signed(bundles.bundle(content)),
  };
}

const check = (files: StickFiles): StickVerdict =>
  checkStickAsDevice(files, { tag: fixture.tag, hardwareId: 'intel-corei7-64' }, fixture.now);

/** As it is judged before anybody is asked to approve it. */
function verify({ roots, timestamp, snapshot, targets: listed, bundle }: StickFiles): void {
  const stick = {
    roots: roots.map((bytes) => parseRoot(bytes)),
    ...{ timestamp: parseTimestamp(timestamp), snapshot: parseSnapshot(snapshot) },
    ...{ targets: parseTargets(listed), bundle: parseOfflineBundle(bundle) },
  };
  verifyStick(stick, fixture.now);
}

const offline = fixture.keys.offline ?? fixture.keys.online;
const another = { version: targets.signed.version, hashes: { sha256: 'a'.repeat(64) } };
const later = { version: targets.signed.version + 1 };

describe('a device that is handed a stick', () => {
  it('installs what the bundle lists, if all of it is right', () => {
    expect(check(filesWith())).toEqual({ installable: NAMES.filter((name) => name.startsWith('intel')), reasons: [] });
    expect(() => verify(filesWith())).not.toThrow();
  });

  it.each<[string, StickContent, string]>([
    ['a timestamp that has expired', { timestamp: { expires: PAST } }, 'METADATA_EXPIRED'],
    ['a timestamp that the offline key signed', { timestamp: { signedBy: offline } }, 'THRESHOLD_NOT_MET'],
    ['a timestamp of another snapshot', { timestamp: { meta: { 'snapshot.json': another } } }, 'METADATA_INVALID'],
    ['a timestamp of no snapshot', { timestamp: { meta: {} } }, 'METADATA_INVALID'],
    ['a snapshot that has expired', { snapshot: { expires: PAST } }, 'METADATA_EXPIRED'],
    ['a snapshot that the offline key signed', { snapshot: { signedBy: offline } }, 'THRESHOLD_NOT_MET'],
    ['a snapshot of other targets', { snapshot: { meta: { 'targets.json': another } } }, 'METADATA_INVALID'],
    ['a snapshot of a later version', { snapshot: { meta: { 'targets.json': later } } }, 'METADATA_INVALID'],
    ['a snapshot of no targets', { snapshot: { meta: {} } }, 'METADATA_INVALID'],
    ['a bundle that has expired', { expires: PAST }, 'METADATA_EXPIRED'],
  ])('refuses %s, which is not signed either', (_what, content, code) => {
    const files = filesWith(content);
    expect(check(files)).toMatchObject({ installable: [], reasons: [{ code }] });
    expect(() => verify(files)).toThrow();
  });
});
