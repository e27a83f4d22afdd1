import type { BundleChange } from '../../factory/index.js';
import type { NewRequest } from '../store-port.js';
import { bundleStatementOf } from './bundle-diff.js';

/** What a request of kind `bundle` is shown with besides; null for others. */
export function bundleViewOf(request: NewRequest): Omit<BundleChange, 'op'> | null {
  if (request.kind !== 'bundle') return null;
  const { type, tag, targets, expires, version } = bundleStatementOf(request).changes[0];
  return { type, tag, targets, expires, version };
}
