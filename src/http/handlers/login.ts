import type { Auth } from '../auth/create-auth.js';
import type { Handlers } from '../call.js';

export function createLoginHandlers(auth: Auth): Pick<Handlers, 'createChallenge' | 'login' | 'logout'> {
  return {
    async createChallenge({ body }) {
      return { status: 200, json: await auth.createChallenge(body.publicKey) };
    },
    async login({ body }) {
      return { status: 200, json: await auth.login(body) };
    },
    async logout({ identity }) {
      await auth.logout(identity);
      return { status: 204, empty: true };
    },
  };
}
