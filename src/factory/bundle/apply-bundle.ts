import { encodeCanonical } from '../../tuf/index.js';
import type { BundleChange } from './bundle-change.js';

/**
 * Makes the offline bundle that a change describes, as the Factory writes it.
 *
 * @returns canonical bytes of `signed`
 * @throws CANONICAL_UNSAFE
 */
export function applyBundle({ type, tag, targets, expires, version }: BundleChange): Buffer {
  return encodeCanonical({ _type: 'Targets', expires, version, 'x-fio-offline-bundle': { tag, targets, type } });
}
