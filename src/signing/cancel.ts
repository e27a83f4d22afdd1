import { CountersignError } from '../errors.js';
import { reasonSchema } from '../dossier/index.js';
import { parseWithSchema } from '../approval/index.js';
import { isOfficer, isRequestersOwn } from './authorize.js';
import { findRequest, type Context } from './context.js';
import { abandon, close } from './move.js';
import { notInState } from './request-state.js';
import { requireUnapplied } from './root/require-unapplied.js';
import type { Caller } from './service.js';
import type { StoredRequest } from './store-port.js';

/** Runs a task while nobody else in this process works on the request. */
export type Alone = <T>(id: string, task: () => Promise<T>) => Promise<T>;

/**
 * Withdraws a request. Before it is signed its requester or an officer may; afterwards an officer may give it up,
 * as long as the Factory does not have it.
 *
 * @throws FORBIDDEN, REQUEST_STATE, FACTORY_… (whether the Factory has it cannot be told)
 */
export async function cancel(
  context: Context,
  alone: Alone,
  id: string,
  caller: Caller,
  reason: string | undefined,
): Promise<StoredRequest> {
  const request = await findRequest(context, id);
  const officer = isOfficer(context, caller);
  if (!officer && !isRequestersOwn(request, caller)) {
    throw new CountersignError('FORBIDDEN', 'a request is cancelled by who asked for it, or by an officer', {
      details: { request: id },
    });
  }
  const why =
    reason === undefined
      ? {}
      : { reason: parseWithSchema(reasonSchema, reason, { code: 'INPUT_INVALID', what: 'reason', at: '/reason' }) };
  const more = { actor: caller.name, ...why };
  if (request.state === 'signed') {
    if (!officer) {
      throw new CountersignError('FORBIDDEN', 'the request is signed: only an officer can give it up now', {
        details: { request: id },
      });
    }
    // Not while it is on its way to the Factory.
    await alone(id, () => giveUp(context, id, more));
  } else {
    await close(context, request, 'cancelled', more);
  }
  const after = await findRequest(context, id);
  if (after.state === 'abandoned' || after.closedBecause === 'cancelled') return after;
  throw notInState(after, 'cancelled');
}

async function giveUp(context: Context, id: string, more: { actor: string; reason?: string }): Promise<void> {
  const request = await findRequest(context, id);
  if (request.state !== 'signed') return;
  await requireUndelivered(context, request);
  await abandon(context, request, more);
}

async function requireUndelivered(context: Context, request: StoredRequest): Promise<void> {
  if (request.kind === 'root') {
    await requireUnapplied(context, request);
    return;
  }
  if (request.kind === 'bundle') return; // it is brought nowhere
  const wave = await context.factory(request.factory).wave(request.wave?.name ?? '');
  if (wave === null) return;
  throw new CountersignError('REQUEST_STATE', 'the Factory has this Wave already', {
    hint: 'Cancel the Wave itself: countersign waves cancel.',
    details: { request: request.id, wave: wave.name, status: wave.status },
  });
}
