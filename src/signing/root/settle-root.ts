import { isCountersignError } from '../../errors.js';
import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import { isTransient } from '../retry.js';
import type { Caller } from '../service.js';
import { AGAIN, REST, type StepResult } from '../step-result.js';
import type { StoredRequest } from '../store-port.js';
import { readStoredSubmission } from './root-submission.js';
import { settleTransaction } from './settle-transaction.js';
import { rootStatementOf } from './stored-root.js';
import { submitParsedRoot } from './submit-root.js';

/**
 * What is due for a root update that has ended without being delivered: its transaction is taken back at the Factory, and
 * where the Factory had moved on under it, the same is asked for again over what is there now.
 *
 * @throws FACTORY_…
 */
export async function settleRoot(context: Context, request: StoredRequest): Promise<StepResult> {
  const { root } = request;
  if (root === null) return REST;
  if (root.transaction === 'open') {
    const row = await context.store.rootUpdates.transaction(request.id);
    if (row === null) return REST;
    const settled = await settleTransaction(context, context.factory(request.factory), row);
    return settled ? AGAIN : { then: 'wait', error: null };
  }
  return root.rebuildWanted ? rebuild(context, request) : REST;
}

/** Until the time of the first one is over: nobody waits for it then. */
async function rebuild(context: Context, request: StoredRequest): Promise<StepResult> {
  const { root } = request;
  if (root === null) return REST;
  if (Date.parse(request.expires) <= context.clock.now().getTime())
    return giveUp(context, request, 'STATEMENT_EXPIRED');
  await context.step('root:before-rebuild', request.id);
  try {
    const { request: next } = await submitParsedRoot(
      context,
      readStoredSubmission(root.submission),
      callerOf(request),
      {
        dryRun: false,
        key: null,
        txid: null,
        rebuiltFrom: request.id,
        preferredKeyids: rootStatementOf(request).keys.map(({ keyid }) => keyid),
        rootVersion: null,
      },
    );
    await context.step('root:after-rebuild', request.id);
    const event = eventOf(context, 'rebuilt', request, { details: { as: next.id } });
    await context.store.rootUpdates.markRebuilt(request.id, next.id, event);
    context.changed(request.id);
    return AGAIN;
  } catch (error) {
    if (!isCountersignError(error) || isTransient(error) || PASSING.includes(error.code))
      return { then: 'wait', error };
    return giveUp(context, request, error.code);
  }
}

/** In the way for now. */
const PASSING: readonly string[] = ['ROOT_UPDATE_ACTIVE', 'ROOT_WAVE_ACTIVE', 'REQUEST_OPEN_EXISTS'];

async function giveUp(context: Context, request: StoredRequest, code: string): Promise<StepResult> {
  const event = eventOf(context, 'rebuilt', request, { details: { as: null, code } });
  await context.store.rootUpdates.markRebuilt(request.id, null, event);
  return AGAIN;
}

/** Who asked the first time. */
function callerOf({ requester: { name, kind, via, requestKey } }: StoredRequest): Caller {
  return {
    name,
    kind,
    via,
    person: kind === 'person' ? name : null,
    scopes: ['read', 'request'],
    ...(requestKey === null ? {} : { requestKey }),
  };
}
