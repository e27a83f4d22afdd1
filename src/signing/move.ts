import { isCountersignError, type CountersignError, type ErrorCode } from '../errors.js';
import type { Context } from './context.js';
import type { NewEvent } from './event-port.js';
import type { ClosedBecause, LastError, StoredRequest } from './store-port.js';

/** Who acts when nobody does. */
const SERVICE = 'service';

export function eventOf(
  context: Context,
  type: NewEvent['type'],
  request: Pick<StoredRequest, 'id'> | null,
  more: Partial<Pick<NewEvent, 'actor' | 'details' | 'once'>> = {},
): NewEvent {
  return {
    at: context.clock.now().toISOString(),
    actor: more.actor ?? SERVICE,
    type,
    request: request?.id ?? null,
    details: more.details ?? {},
    ...(more.once === undefined ? {} : { once: more.once }),
  };
}

/**
 * Ends a request before it was signed. False if it is in another state meanwhile.
 *
 * @param more.rebuild false where a superseded root update is not to be asked for anew
 */
export async function close(
  context: Context,
  request: StoredRequest,
  because: ClosedBecause,
  more: { error?: CountersignError; actor?: string; reason?: string; rebuild?: boolean } = {},
): Promise<boolean> {
  const at = context.clock.now().toISOString();
  const lastError = more.error === undefined ? null : lastErrorOf(more.error, at);
  const moved = await context.store.requests.transition(
    request.id,
    {
      from: ['preparing', 'open'],
      to: 'closed',
      at,
      closedBecause: because,
      lastError,
      // what somebody else began at the Factory, nobody here can begin anew
      rebuildWanted: because === 'superseded' && request.root?.own === true && more.rebuild !== false,
    },
    [
      eventOf(context, because === 'cancelled' ? 'cancelled' : 'closed', request, {
        details: { because, ...detailsOf(more) },
        ...actorOf(more),
      }),
    ],
  );
  if (moved) context.changed(request.id);
  return moved;
}

/** Gives a signed request up: it was signed and will never be delivered. */
export async function abandon(
  context: Context,
  request: StoredRequest,
  more: { error?: CountersignError; actor?: string; reason?: string; rebuildWanted?: boolean },
): Promise<boolean> {
  const at = context.clock.now().toISOString();
  const lastError = more.error === undefined ? null : lastErrorOf(more.error, at);
  const moved = await context.store.requests.transition(
    request.id,
    { from: ['signed'], to: 'abandoned', at, lastError, rebuildWanted: more.rebuildWanted === true },
    [eventOf(context, 'abandoned', request, { details: detailsOf(more), ...actorOf(more) })],
  );
  if (moved) context.changed(request.id);
  return moved;
}

export function lastErrorOf(error: unknown, at: string): LastError {
  if (!isCountersignError(error)) return { code: 'INTERNAL', message: 'an internal error; the log has its cause', at };
  return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }), at };
}

function actorOf({ actor }: { actor?: string }): { actor?: string } {
  return actor === undefined ? {} : { actor };
}

function detailsOf({ error, reason }: { error?: CountersignError; reason?: string }): Record<string, string> {
  const code: { code?: ErrorCode } = error === undefined ? {} : { code: error.code };
  return { ...code, ...(reason === undefined ? {} : { reason }) };
}
