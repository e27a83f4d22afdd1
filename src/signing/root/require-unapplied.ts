import { CountersignError } from '../../errors.js';
import type { Context } from '../context.js';
import type { StoredRequest } from '../store-port.js';
import { isOurs } from './check-upstream.js';
import { findPublishedRoots } from './find-published-roots.js';
import { loadRootBase, rootStatementOf } from './stored-root.js';

/**
 * That a signed root update can still be given up: what the Factory may have applied, be it in part, is only ever applied
 * again.
 *
 * @throws REQUEST_STATE, FACTORY_…, THRESHOLD_NOT_MET it publishes what nobody signed
 */
export async function requireUnapplied(context: Context, request: StoredRequest): Promise<void> {
  const port = context.factory(request.factory);
  const statement = rootStatementOf(request);
  const status = await port.rootUpdate();
  const published = await findPublishedRoots(port, statement, await loadRootBase(context, request));
  const ours = isOurs(status, statement);
  const maybeApplied = ours && (status.status === 'APPLYING' || request.root?.applySent != null);
  if (published !== 'ours' && !maybeApplied) return;
  throw new CountersignError('REQUEST_STATE', 'the Factory has applied these roots, or is about to', {
    hint: 'What the next root update changes back is another request.',
    details: { request: request.id, status: status.status },
  });
}
