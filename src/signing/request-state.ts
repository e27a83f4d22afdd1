import { CountersignError } from '../errors.js';
import type { StoredRequest } from './store-port.js';

/** That a request cannot be `what` any more (or yet). */
export function notInState(request: StoredRequest, what: string): CountersignError {
  const because = request.closedBecause === null ? '' : ` (${request.closedBecause})`;
  return new CountersignError('REQUEST_STATE', `a request that is ${request.state}${because} cannot be ${what}`, {
    details: {
      request: request.id,
      state: request.state,
      ...(request.closedBecause === null ? {} : { closedBecause: request.closedBecause }),
    },
  });
}

/** Whether there is something signed to be read, or never will be. */
export function isSignedOrEnded(request: Pick<StoredRequest, 'state'>): boolean {
  return request.state === 'signed' || isEnded(request);
}

/** Whether nothing will happen to it any more that who asked would wait for. */
export function isEnded({ state }: Pick<StoredRequest, 'state'>): boolean {
  return state === 'delivered' || state === 'closed' || state === 'abandoned';
}
