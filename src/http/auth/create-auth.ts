import { authenticate } from './authenticate.js';
import type { AuthStore } from './auth-store.js';
import type { Identity } from './identity.js';
import { createChallenge, login, logout, type LoginDependencies } from './login.js';

/** Signing in and being known, as the HTTP API uses it. */
export interface Auth {
  authenticate(authorization: string | undefined): Promise<Identity>;
  createChallenge(publicKeyLine: string): Promise<{ challenge: string; expires: string }>;
  login(answer: { challenge: string; sshsig: string }): Promise<{ session: string; person: string; expires: string }>;
  logout(identity: Identity): Promise<void>;
}

export interface AuthDependencies extends LoginDependencies {
  readonly store: AuthStore;
}

export function createAuth(dependencies: AuthDependencies): Auth {
  return {
    authenticate: (authorization) => authenticate(authorization, dependencies),
    createChallenge: (publicKeyLine) => createChallenge(publicKeyLine, dependencies),
    login: (answer) => login(answer, dependencies),
    logout: (identity) => logout(identity, dependencies),
  };
}
