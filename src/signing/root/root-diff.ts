import { describeRootChanges, formatRootChanges } from '../../factory/index.js';
import type { Context } from '../context.js';
import type { RequestDiff } from '../service.js';
import type { StoredRequest } from '../store-port.js';
import { parseServedTargets, type ServedTargets } from './fetch-root-base.js';
import { loadRootBase, loadServedTargets, rootStatementOf } from './stored-root.js';

/** What a stored root update changes, made from the changes in its statement and from its base. */
export async function rootDiffOf(context: Context, request: StoredRequest): Promise<RequestDiff> {
  const statement = rootStatementOf(request);
  const base = await loadRootBase(context, request);
  const served: ServedTargets[] = [];
  for await (const one of loadServedTargets(context, request, statement)) served.push(one);
  const summary = describeRootChanges(statement.changes, base, parseServedTargets(served));
  return { summary, text: formatRootChanges(summary) };
}
