import { CountersignError } from '../../errors.js';
import { checkThreshold, type OfflineBundleMetadata, type Root, type ThresholdResult } from '../../tuf/index.js';

/**
 * Verifies the signatures that a bundle has, by a device's rule: each is by a targets key of its root and valid. One that is
 * unknown or bad spoils the bundle, where for other metadata it would only not count.
 *
 * @returns who signed and how many are missing, which is for the caller to judge
 * @throws BUNDLE_SIGNATURE_INVALID, SIGNATURE_DUPLICATE_KEYID
 */
export function verifyBundleSignatures(bundle: OfflineBundleMetadata, root: Root): ThresholdResult {
  const result = checkThreshold(bundle, root, 'targets');
  const [unknown] = result.unknown;
  const [invalid] = result.invalid;
  if (unknown === undefined && invalid === undefined) return result;
  const keyid = unknown ?? invalid?.keyid ?? '';
  const place = bundle.signatures.findIndex((signature) => signature.keyid === keyid);
  throw new CountersignError(
    'BUNDLE_SIGNATURE_INVALID',
    unknown === undefined
      ? `the signature by ${keyid} does not hold (${invalid?.reason ?? ''})`
      : `${keyid} is no targets key of root version ${root.version}`,
    {
      pointer: `/signatures/${place}`,
      hint: 'Devices refuse a bundle with such a signature. Make the folder anew with fioctl targets offline-update.',
      details: { keyid, rootVersion: root.version },
    },
  );
}
