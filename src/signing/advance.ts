import { isCountersignError } from '../errors.js';
import { deliverBundle } from './bundle/deliver-bundle.js';
import type { Context } from './context.js';
import { deliverRequest } from './deliver-request.js';
import { deliverRoot } from './root/deliver-root.js';
import { settleRoot } from './root/settle-root.js';
import { signRoot } from './root/sign-root.js';
import { lastErrorOf } from './move.js';
import { resumePreparing } from './open-request.js';
import { isCancelledByRevocation } from './request-keys/revoke.js';
import { isDue, isTransient, NEVER, nextAttemptAt, nextLookAt } from './retry.js';
import { signRequest } from './sign-request.js';
import { AGAIN, REST, type StepResult } from './step-result.js';
import type { StoredRequest } from './store-port.js';
import { tellSigner } from './tell-signer.js';

/**
 * Takes a request as far as it goes now. Failures are recorded with it and end the walk; nothing is thrown for them.
 *
 * @param takeNews whether the request was changed since this was last asked
 */
export async function advance(context: Context, id: string, takeNews: () => boolean): Promise<void> {
  for (;;) {
    takeNews(); // what came before it is read needs no second look
    const request = await context.store.requests.find(id);
    if (request === null || !isDue(request, context.clock.now(), context.limits)) return;
    const result = await tryStep(context, request);
    // an approval that came during the step may be what the step wants: a pause written down now would outlast it
    if (result.then === 'again' || takeNews()) continue;
    if (result.then !== 'rest') await recordFailure(context, request, result);
    return;
  }
}

async function tryStep(context: Context, request: StoredRequest): Promise<StepResult> {
  try {
    return await dueStep(context, request);
  } catch (error) {
    return isTransient(error) || !isCountersignError(error) ? { then: 'retry', error } : thrownRefusal(request, error);
  }
}

/** Refusals that a step did not foresee: of an open request they are final, a signed one goes on trying. */
function thrownRefusal(request: StoredRequest, error: Parameters<typeof lastErrorOf>[0]): StepResult {
  if (request.state === 'open' && isCountersignError(error)) return { then: 'park', error };
  return { then: 'retry', error };
}

async function dueStep(context: Context, request: StoredRequest): Promise<StepResult> {
  if (await isCancelledByRevocation(context, request)) return AGAIN;
  switch (request.state) {
    case 'preparing':
      await resumePreparing(context, request);
      return AGAIN;
    case 'open':
      return request.kind === 'root' ? signRoot(context, request) : signRequest(context, request);
    case 'signed':
      return deliver(context, request);
    case 'delivered':
      return tellSigner(context, request);
    case 'closed':
    case 'abandoned':
      return request.kind === 'root' ? settleRoot(context, request) : REST;
  }
}

function deliver(context: Context, request: StoredRequest): Promise<StepResult> {
  if (request.kind === 'root') return deliverRoot(context, request);
  return request.kind === 'bundle' ? deliverBundle(context, request) : deliverRequest(context, request);
}

async function recordFailure(
  context: Context,
  request: StoredRequest,
  { then, error }: Extract<StepResult, { error: unknown }>,
): Promise<void> {
  const now = context.clock.now();
  const waiting = then === 'wait';
  const nextAttempt = waiting
    ? nextLookAt(now, context.limits)
    : then === 'retry'
      ? nextAttemptAt(now, request.attempts + 1, context.limits)
      : NEVER;
  const lastError = error === null ? null : lastErrorOf(error, now.toISOString());
  if (lastError !== null && lastError.message !== request.lastError?.message) {
    context.logger.warn('a step of a request failed', {
      request: request.id,
      state: request.state,
      nextAttempt,
      error,
    });
  }
  await context.store.requests.recordFailure(request.id, {
    state: request.state,
    error: lastError,
    nextAttempt,
    waiting,
  });
  context.changed(request.id);
}
