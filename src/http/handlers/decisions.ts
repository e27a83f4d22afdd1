import type { SigningService } from '../../signing/index.js';
import type { Handlers } from '../call.js';

export function createDecisionHandlers(signing: SigningService): Pick<Handlers, 'approve' | 'reject' | 'cancel'> {
  return {
    async approve({ params, body, identity }) {
      return { status: 200, json: await signing.approve(params.id, body, identity.caller) };
    },
    async reject({ params, body, identity }) {
      return { status: 200, json: await signing.reject(params.id, body, identity.caller) };
    },
    async cancel({ params, body, identity }) {
      return { status: 200, json: await signing.cancel(params.id, identity.caller, body.reason) };
    },
  };
}
