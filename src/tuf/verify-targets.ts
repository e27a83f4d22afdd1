import { verifyNotExpired } from './expiry.js';
import type { RootMetadata, TargetsMetadata } from './metadata.js';
import { type ThresholdResult, verifyThreshold } from './threshold.js';

/**
 * Verifies targets metadata under a root that is trusted already (TUF client workflow 5.6). What concerns snapshot and
 * timestamp (5.6.2, 5.6.4) is not judged: those roles are the Factory's own.
 *
 * @param options.now the targets must not have expired then; without it expiry is not judged
 * @throws SIGNATURE_DUPLICATE_KEYID, THRESHOLD_NOT_MET, METADATA_EXPIRED
 */
export function verifyTargets(
  root: RootMetadata,
  targets: TargetsMetadata,
  options: { readonly now?: Date | undefined } = {},
): ThresholdResult {
  const result = verifyThreshold(targets, root.signed, 'targets'); // 5.6.3
  if (options.now !== undefined) verifyNotExpired(targets.signed, options.now); // 5.6.5
  return result;
}
