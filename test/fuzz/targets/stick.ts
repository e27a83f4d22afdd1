import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.js';
import { applyBundle, diffBundle, verifyStick, type Stick } from '../../../src/factory/index.js';
import { checkStickAsDevice, type StickFiles } from '../../../src/sandbox/index.js';
import {
  canonicalize,
  parseOfflineBundle,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  serializeMetadata,
} from '../../../src/tuf/index.js';
import { metadataText } from '../../support/factory-fixture.js';
import { listingsOf } from '../../support/write-stick.js';
import { bundleSeeds } from '../bundle-seeds.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';
import { CANONICAL_CODES } from './canonical.js';

const CODES: readonly ErrorCode[] = [...CANONICAL_CODES, 'METADATA_INVALID', 'NOT_CANONICAL'];
const BUNDLE_CODES: readonly ErrorCode[] = ['BUNDLE_TYPE', 'INPUT_INVALID', 'CHANGES_DO_NOT_REPRODUCE'];
const STICK_CODES: readonly ErrorCode[] = [
  ...(['SIGNATURE_DUPLICATE_KEYID', 'THRESHOLD_NOT_MET', 'METADATA_EXPIRED', 'KEY_INVALID'] as const),
  ...(['BUNDLE_BASE_INVALID', 'BUNDLE_SIGNATURE_INVALID', 'BUNDLE_TARGET_UNKNOWN'] as const),
  ...BUNDLE_CODES,
];
const PARSERS = {
  timestamp: parseTimestamp,
  snapshot: parseSnapshot,
  targets: parseTargets,
  bundle: parseOfflineBundle,
} as const;
type Name = keyof typeof PARSERS;
const NAMES: readonly Name[] = ['timestamp', 'snapshot', 'targets', 'bundle'];

interface Sound {
  readonly stick: Stick;
  readonly files: StickFiles;
  readonly tag: string;
  readonly now: Date;
}

/** A file of a stick for devices without network, in the place of each that it could be. */
export const stickTarget: FuzzTarget = {
  name: 'stick',
  share: 20_000,
  open() {
    const { bundles, now } = bundleSeeds();
    const { fixture, targets } = bundles;
    const { snapshot, timestamp } = listingsOf(bundles);
    const files: StickFiles = {
      roots: fixture.rootTexts.production.map((text) => Buffer.from(text)),
      ...{ snapshot: Buffer.from(snapshot), timestamp: Buffer.from(timestamp) },
      targets: Buffer.from(metadataText(targets)),
      bundle: bundles.signed(bundles.bundle()),
    };
    const stick: Stick = {
      roots: fixture.roots.production,
      timestamp: parseTimestamp(files.timestamp),
      snapshot: parseSnapshot(files.snapshot),
      targets,
      bundle: parseOfflineBundle(files.bundle),
    };
    const corpus = corpusOf('stick');
    const made = NAMES.map((name) => Buffer.from(files[name]));
    const seeds = [...corpus.values(), ...made, bundles.bundle(), bundles.bundle({ type: 'ci' })];
    const inputs = fc.oneof(mutatedBytes(seeds), { weight: 3, arbitrary: mutatedJson(seeds) });
    return { corpus, inputs, check: (input) => check(input, { stick, files, tag: fixture.tag, now }) };
  },
};

function check(input: Buffer, sound: Sound): void {
  const taken = NAMES.filter((name) => isTaken(name, input, sound));
  assert.ok(taken.length <= 1, `one document in the places of ${taken.join(' and ')}`);
  const bundle = attempt(CODES, () => parseOfflineBundle(input));
  if ('refused' in bundle) return;
  const { signed, signedBytes } = bundle.accepted;
  const change = attempt(BUNDLE_CODES, () => diffBundle(signed));
  if ('accepted' in change) assert.ok(applyBundle(change.accepted).equals(signedBytes), 'officers read another bundle');
}

/** Whether it can be read as that file. If devices take it there, it says what the keys have signed. */
function isTaken(name: Name, input: Buffer, { stick, files, tag, now }: Sound): boolean {
  const read = attempt(CODES, () => PARSERS[name](input));
  if ('refused' in read) return false;
  assert.ok(serializeMetadata(read.accepted).equals(canonicalize(input)), 'written, it is another document');
  const verified = attempt(STICK_CODES, () => verifyStick({ ...stick, [name]: read.accepted }, now));
  const device = checkStickAsDevice({ ...files, [name]: input }, { tag, hardwareId: 'intel-corei7-64' }, now);
  const isWhole = 'accepted' in verified && verified.accepted.signatures.missing === 0;
  assert.ok(isWhole || device.installable.length === 0, 'a device takes what is refused here');
  if ('accepted' in verified) {
    assert.equal(read.accepted.sha256, stick[name].sha256, 'something that no key has signed');
  }
  return true;
}
