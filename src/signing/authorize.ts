import { CountersignError } from '../errors.js';
import type { Context } from './context.js';
import type { Caller } from './service.js';
import type { Scope, StoredRequest } from './store-port.js';

/** @throws FORBIDDEN */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  throw new CountersignError('FORBIDDEN', `this sign-in or token may not ${WHAT[scope]}`, {
    hint:
      scope === 'decide' ? 'Sign in as a signing officer with countersign login.' : 'Use a token that has the scope.',
    details: { scope },
  });
}

const WHAT: Record<Scope, string> = {
  read: 'read requests',
  request: 'ask for anything to be signed',
  decide: 'approve or reject',
};

/**
 * The officer whom a signature is by must be the person who called: nobody hands in a decision for somebody else,
 * so that the log of who did what and the signatures say the same.
 *
 * @throws FORBIDDEN
 */
export function requireSamePerson(caller: Caller, person: string): void {
  if (caller.person === person) return;
  throw new CountersignError('FORBIDDEN', `the signature is ${person}'s, who is not who called`, {
    hint: 'Sign in with the key that you sign with.',
    details: { person },
  });
}

export function isOfficer(context: Context, caller: Caller): boolean {
  return (
    caller.person !== null &&
    caller.scopes.includes('decide') &&
    context.policy.policy.officers.some(({ person }) => person === caller.person)
  );
}

export function isRequestersOwn(request: StoredRequest, caller: Caller): boolean {
  return (
    request.requester.kind === caller.kind &&
    request.requester.name === caller.name &&
    caller.scopes.includes('request')
  );
}

/**
 * Signatures that were made elsewhere are taken from who asked, or from an officer.
 *
 * @throws FORBIDDEN
 */
export function requireMayHandIn(context: Context, request: StoredRequest, caller: Caller): void {
  if (isOfficer(context, caller) || isRequestersOwn(request, caller)) return;
  throw new CountersignError('FORBIDDEN', 'signatures are handed in by who asked for the request, or by an officer', {
    details: { request: request.id },
  });
}
