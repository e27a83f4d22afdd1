import type { SigningService } from '../../signing/index.js';
import type { Handlers } from '../call.js';

type RequestKeyHandlers = Pick<Handlers, 'registerRequestKeys' | 'listRequestKeys' | 'revokeRequestKeys'>;

export function createRequestKeyHandlers(signing: SigningService): RequestKeyHandlers {
  return {
    async registerRequestKeys({ params, body, headers, identity }) {
      const registration = { factory: params.factory, ...body };
      const items = await signing.registerRequestKeys(registration, headers['osf-token'], identity.caller);
      return { status: 200, json: { items } };
    },
    async listRequestKeys({ params }) {
      return { status: 200, json: { items: await signing.requestKeys(params.factory) } };
    },
    async revokeRequestKeys({ params, identity }) {
      return { status: 200, json: { items: await signing.revokeRequestKeys(params.id, identity.caller) } };
    },
  };
}
