import { CountersignError } from '../../errors.js';
import { encodeCanonical, type OfflineBundle } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import { applyBundle } from './apply-bundle.js';
import { bundleChangeSchema, type BundleChange } from './bundle-change.js';

/**
 * Reads a bundle as the change that makes it, byte for byte.
 *
 * @param bundle `signed` of a parsed bundle
 * @throws BUNDLE_TYPE a bundle for devices that are not of production: the Factory's signature is all that it needs
 * @throws INPUT_INVALID a name that no Factory has; CHANGES_DO_NOT_REPRODUCE
 */
export function diffBundle(bundle: OfflineBundle): BundleChange {
  const { expires, version, 'x-fio-offline-bundle': listed } = bundle;
  if (listed.type === 'ci') {
    throw new CountersignError('BUNDLE_TYPE', 'a bundle of type ci needs no offline signature', {
      pointer: jsonPointer('signed', 'x-fio-offline-bundle', 'type'),
      hint: 'Use it as it is; for production devices make it with fioctl targets offline-update --prod or --wave.',
    });
  }
  const parsed = bundleChangeSchema.safeParse({ op: 'bundle', ...listed, expires, version });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CountersignError('INPUT_INVALID', issue?.message ?? 'no bundle', {
      pointer: jsonPointer('signed', 'x-fio-offline-bundle', ...(issue?.path ?? []).map(String)),
    });
  }
  if (applyBundle(parsed.data).equals(encodeCanonical(bundle))) return parsed.data;
  throw new CountersignError('CHANGES_DO_NOT_REPRODUCE', 'the change found makes another bundle than the one given');
}
