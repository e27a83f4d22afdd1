import { CountersignError } from '../../errors.js';
import { personSchema, type SignedPolicy } from '../../policy/index.js';
import type { Scope, TokenRecord } from '../../signing/index.js';
import { formatTime } from '../../tuf/index.js';
import type { AuthStore } from './auth-store.js';
import { createBearer, formatBearer, hashSecret } from './bearer.js';
import { isOfficer } from './officer-keys.js';

export interface NewApiToken {
  /** What the token is called; for CI also what stands in statements as requester. */
  readonly name: string;
  /** `ci` speaks for no person. */
  readonly kind: 'ci' | 'person';
  readonly person: string | null;
  readonly expiresAt: Date;
}

export interface ApiTokenDependencies {
  readonly store: AuthStore;
  /** In force. */
  readonly policy: SignedPolicy;
  readonly now: Date;
  /** Who creates or revokes it, for the event log. */
  readonly actor: string;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const LONGEST_LIFE_DAYS = 400;
const DAY_MS = 86_400_000;

/**
 * Makes an API token and stores the digest of its secret. The token itself is in the answer and nowhere else.
 *
 * A CI token cannot be named like an officer: a statement must not seem to come from somebody who did not ask.
 *
 * @throws INPUT_INVALID
 */
export async function createApiToken(
  token: NewApiToken,
  { store, policy, now, actor }: ApiTokenDependencies,
): Promise<{ bearer: string; id: string; expires: string }> {
  checkNames(token, policy);
  const lifeMs = token.expiresAt.getTime() - now.getTime();
  if (!(lifeMs > 0 && lifeMs <= LONGEST_LIFE_DAYS * DAY_MS)) {
    throw invalid(`a token lives from now up to ${LONGEST_LIFE_DAYS} days`, '/expires');
  }
  const bearer = createBearer('token');
  const expires = formatTime(token.expiresAt);
  const created = formatTime(now);
  await store.tokens.create(
    {
      id: bearer.id,
      name: token.name,
      kind: token.kind,
      person: token.person,
      scopes: scopesOf(token, policy),
      secretSha256: hashSecret(bearer.secret),
      created,
      expires,
    },
    {
      at: created,
      actor,
      type: 'token-created',
      request: null,
      details: { token: bearer.id, name: token.name, kind: token.kind, person: token.person, expires },
    },
  );
  return { bearer: formatBearer(bearer), id: bearer.id, expires };
}

/**
 * Revokes by id or by name; from then on every request with the token is refused.
 *
 * @throws INPUT_INVALID when no living token is called that
 */
export async function revokeApiToken(
  idOrName: string,
  { store, now, actor }: Omit<ApiTokenDependencies, 'policy'>,
): Promise<TokenRecord> {
  const living = (await store.tokens.list()).filter((token) => token.revoked === null);
  const found = living.find((token) => token.id === idOrName) ?? living.findLast((token) => token.name === idOrName);
  const at = formatTime(now);
  const event = { at, actor, type: 'token-revoked', request: null } as const;
  if (
    found === undefined ||
    !(await store.tokens.revoke(found.id, at, { ...event, details: { token: found.id, name: found.name } }))
  ) {
    throw invalid('no token of this id or name is in use', '/token');
  }
  return { ...found, revoked: at };
}

/** Officers may carry decisions with a token of theirs; what counts then is still the signature that they carry. */
function scopesOf({ person }: NewApiToken, policy: SignedPolicy): Scope[] {
  return person !== null && isOfficer(policy, person) ? ['read', 'request', 'decide'] : ['read', 'request'];
}

function checkNames({ name, kind, person }: NewApiToken, policy: SignedPolicy): void {
  if (!NAME.test(name)) throw invalid('the name has other characters than a-z 0-9 . _ -, or more than 63', '/name');
  if ((kind === 'person') !== (person !== null)) {
    throw invalid('a token speaks either for CI or for one person', '/person');
  }
  if (person !== null && !personSchema.safeParse(person).success) {
    throw invalid('a person is named by a-z 0-9 . _ -, beginning with a letter', '/person');
  }
  if (isOfficer(policy, name) && person !== name) {
    throw invalid('an officer of the policy has this name, and the token is not bound to that person', '/name');
  }
}

function invalid(message: string, pointer: string): CountersignError {
  return new CountersignError('INPUT_INVALID', message, { pointer });
}
