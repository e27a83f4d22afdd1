import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { isWithin, type Clock } from './clock.js';
import { polisIdOf, type SandboxPerson, type Scope } from './people.js';
import { Refusal } from './refusal.js';

/** The person behind a request, once the token was looked at. */
export interface Authenticated {
  readonly person: SandboxPerson;
  readonly polisId: string;
}

export type Authenticate = (request: Request, scope: Scope | null) => Authenticated;

/**
 * Finds the person whose token stands in `Osf-Token` and holds the needed scope against theirs (`…:read-update`
 * includes `…:read`).
 *
 * @throws Refusal 401 (no, unknown or expired token), 403 (scope)
 */
export function createAuthenticate(factory: string, people: readonly SandboxPerson[], clock: Clock): Authenticate {
  const byDigest = new Map(people.map((person) => [digestOf(person.token), person])); // no comparison leaks its length
  return (request, scope) => {
    const token = request.get('osf-token');
    if (token === undefined || token === '') throw new Refusal(401, 'An API token is needed', ['Header: Osf-Token']);
    const person = byDigest.get(digestOf(token));
    if (person === undefined) throw new Refusal(401, 'The API token is not valid');
    if (person.expires !== null && isWithin(person.expires, clock.now(), 0)) {
      throw new Refusal(401, 'The API token has expired', [`Expired at ${person.expires}`]);
    }
    if (scope !== null && !holds(person, scope)) {
      throw new Refusal(403, 'The API token does not allow this', [`Missing scope: ${scope}`]);
    }
    return { person, polisId: polisIdOf(factory, person.name) };
  };
}

function holds(person: SandboxPerson, scope: Scope): boolean {
  return person.scopes.some((held) => held === scope || held === `${scope}-update`);
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
