import { isCountersignError } from '../errors.js';
import { verifyDossier } from '../dossier/index.js';
import { assembleDossier } from './assemble-dossier.js';
import { findRequest, type Context } from './context.js';
import { close, eventOf } from './move.js';
import type { StoredRequest } from './store-port.js';

/** Opens a request that is stored whole. False if it was not `preparing` any more. */
export async function openRequest(context: Context, id: string): Promise<boolean> {
  const at = context.clock.now().toISOString();
  const event = eventOf(context, 'opened', { id });
  return context.store.requests.transition(id, { from: ['preparing'], to: 'open', at }, [event]);
}

/**
 * Takes up a request whose submission was cut off between storing and opening. Whoever asked may not know
 * of it, but it holds its tag: what was stored is judged once more, then opened or closed.
 */
export async function resumePreparing(context: Context, request: StoredRequest): Promise<void> {
  try {
    await verifyDossier(await assembleDossier(context, request), context.pins, context.clock.now());
  } catch (error) {
    if (!isCountersignError(error) || error.code === 'STORE_FAILED') throw error;
    await close(context, request, error.code === 'STATEMENT_EXPIRED' ? 'expired' : 'superseded', { error });
    return;
  }
  await openRequest(context, request.id);
}

/**
 * The request, opened if another replica has stored it and not yet got to that: no caller has to know of the moment
 * between.
 *
 * @throws REQUEST_NOT_FOUND
 */
export async function findOpened(context: Context, id: string): Promise<StoredRequest> {
  const request = await findRequest(context, id);
  if (request.state !== 'preparing') return request;
  await resumePreparing(context, request);
  return findRequest(context, id);
}
