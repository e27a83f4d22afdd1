import { inPart } from '../../errors.js';
import {
  type OfflineBundleMetadata,
  type RootMetadata,
  type TargetsMetadata,
  type ThresholdResult,
  verifyNotExpired,
  verifyRootChain,
  verifyTargets,
} from '../../tuf/index.js';
import { requireRootOf } from '../require-root-of.js';
import type { BundleChange } from './bundle-change.js';
import { diffBundle } from './diff-bundle.js';
import { requireListed } from './require-listed.js';
import { verifyBundleSignatures } from './verify-bundle-signatures.js';
import { type Listings, verifyListings } from './verify-listings.js';

/** The metadata of a folder for devices without network. */
export interface Stick extends Listings {
  /** Production roots, ascending without a gap. */
  readonly roots: readonly RootMetadata[];
  readonly targets: TargetsMetadata;
  readonly bundle: OfflineBundleMetadata;
}

/**
 * Verifies a stick as a production device does: over all roots on it, then timestamp, snapshot, targets and bundle under the last one. The first
 * root is taken as it is: whoever has pinned an earlier one compares.
 *
 * @returns the bundle as a change, and who has signed it; how many signatures it lacks is for the caller to judge
 * @throws ROOT_NOT_TRUSTED, VERSION_*, THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID, METADATA_EXPIRED, BUNDLE_*
 */
export function verifyStick(
  { roots, targets, bundle, ...listings }: Stick,
  now: Date,
): { root: RootMetadata; change: BundleChange; signatures: ThresholdResult } {
  const change = diffBundle(bundle.signed);
  const root = verifyRootChain(roots, { now });
  for (const { signed } of roots) requireRootOf('production', signed);
  verifyListings(root, listings, targets, now);
  inPart('', () => verifyTargets(root, targets, { now }), 'targets.json');
  inPart('', () => verifyNotExpired(bundle.signed, now), 'bundle-targets.json');
  const signatures = verifyBundleSignatures(bundle, root.signed);
  requireListed(change, targets.signed);
  return { root, change, signatures };
}
