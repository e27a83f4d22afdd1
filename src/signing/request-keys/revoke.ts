import { CountersignError } from '../../errors.js';
import { isOfficer } from '../authorize.js';
import type { Context } from '../context.js';
import { close, eventOf } from '../move.js';
import type { RequestKey } from '../request-key-port.js';
import type { Caller } from '../service.js';
import type { StoredRequest } from '../store-port.js';

/**
 * Revokes a set for good. What was asked for with it and is not signed yet is cancelled; what is signed goes its way, since
 * officers have approved it. No root may name the keys afterwards either.
 *
 * @param id of the set, or of a key in it
 * @throws REQUEST_KEY_NOT_FOUND, FORBIDDEN
 */
export async function revokeRequestKeys(context: Context, id: string, caller: Caller): Promise<readonly RequestKey[]> {
  const [first] = await context.store.requestKeys.findSet(id);
  if (first === undefined) {
    throw new CountersignError('REQUEST_KEY_NOT_FOUND', 'there is no such request key', { details: { id } });
  }
  if (!isOfficer(context, caller) && !isOwner(first, caller)) {
    throw new CountersignError('FORBIDDEN', 'request keys are revoked by whose they are, or by an officer', {
      details: { set: first.set },
    });
  }
  const { set, factory, name } = first;
  const event = eventOf(context, 'request-key-revoked', null, { actor: caller.name, details: { set, factory, name } });
  await context.store.requestKeys.revoke(set, event.at, event);
  const revoked = await context.store.requestKeys.findSet(set);
  // also after a call that revoked it before and got no further
  for (const request of await context.store.requests.listUnsignedBy(revoked.map((key) => key.id))) {
    await cancelFor(context, request, caller.name);
  }
  return revoked;
}

/** A request that came in while its key was being revoked is found out before anything is done for it. */
export async function isCancelledByRevocation(context: Context, request: StoredRequest): Promise<boolean> {
  const { requestKey } = request.requester;
  if (requestKey === null || (request.state !== 'preparing' && request.state !== 'open')) return false;
  const keys = await context.store.requestKeys.findSet(requestKey);
  if (keys.some(({ revoked }) => revoked === null)) return false;
  return cancelFor(context, request);
}

async function cancelFor(context: Context, request: StoredRequest, actor?: string): Promise<boolean> {
  const reason = 'the request key that it was asked for with is revoked';
  return close(context, request, 'cancelled', { reason, ...(actor === undefined ? {} : { actor }) });
}

function isOwner({ name, kind }: RequestKey, caller: Caller): boolean {
  return caller.name === name && caller.kind === kind && caller.scopes.includes('request');
}
