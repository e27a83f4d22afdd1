import { isCountersignError } from '../errors.js';
import { serializePolicy } from '../policy/index.js';
import type { Context } from './context.js';
import { eventOf } from './move.js';
import { isTransient } from './retry.js';
import type { StoredRejection, StoredRequest } from './store-port.js';

/**
 * Tells the signer of a rejection. Never throws for what the signer says: a failure that may pass leaves the
 * rejection to be sent again (`later`), a refusal for good is recorded.
 */
export async function sendVeto(
  context: Context,
  request: Pick<StoredRequest, 'id' | 'statement'>,
  { person, rejection, sshsig, vetoed, vetoRefused }: StoredRejection,
): Promise<'done' | 'later'> {
  if (vetoed !== null || vetoRefused !== null) return 'done';
  try {
    // The whole chain: the signer judges a veto by the newest policy, and its journal may not have met it yet.
    const policies = context.policies.map(serializePolicy);
    await context.signer.veto({ statement: request.statement, rejection, sshsig, policies });
  } catch (error) {
    context.logger.warn('the signer did not take a veto', { request: request.id, error });
    if (isTransient(error) || !isCountersignError(error)) return 'later';
    await context.store.requests.markVetoRefused(request.id, person, error.code);
    return 'done';
  }
  await context.step('reject:after-veto', request.id);
  const at = context.clock.now().toISOString();
  await context.store.requests.markVetoed(
    request.id,
    person,
    at,
    eventOf(context, 'vetoed', request, { details: { person } }),
  );
  return 'done';
}
