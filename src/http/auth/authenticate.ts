import { CountersignError } from '../../errors.js';
import type { SignedPolicy } from '../../policy/index.js';
import { SCOPES, type Clock, type SessionRecord, type TokenRecord } from '../../signing/index.js';
import { formatTime, parseTime } from '../../tuf/index.js';
import type { AuthStore } from './auth-store.js';
import { parseBearer, secretMatches, type Bearer } from './bearer.js';
import type { Identity } from './identity.js';
import { isOfficer, officerKeys } from './officer-keys.js';

export interface AuthenticateDependencies {
  readonly store: Pick<AuthStore, 'tokens' | 'sessions'>;
  /** In force; asked each time, because an officer may be gone since. */
  readonly policy: () => SignedPolicy;
  readonly clock: Clock;
}

const CLOCK_SKEW_MS = 5 * 60 * 1000;

/**
 * Who a request comes from. An unknown id and a wrong secret get the same answer in the same time; only
 * whoever holds the right secret hears that it is expired, revoked or outdated by the policy.
 *
 * @param authorization the header's value
 * @throws UNAUTHENTICATED
 */
export async function authenticate(
  authorization: string | undefined,
  { store, policy, clock }: AuthenticateDependencies,
): Promise<Identity> {
  if (authorization === undefined) {
    throw unauthenticated('this needs a bearer token', 'Send `Authorization: Bearer …`: an API token or a session.');
  }
  const [, text] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  const bearer = text === undefined ? null : parseBearer(text);
  if (bearer === null) throw notValid();
  return bearer.kind === 'token'
    ? identityOfToken(await findLiving(bearer, store.tokens, clock), { store, policy, clock })
    : identityOfSession(requireBegun(await findLiving(bearer, store.sessions, clock), clock), policy());
}

/** One that was begun while the clock was ahead would live for that much longer than sessions may. */
function requireBegun(session: SessionRecord, clock: Clock): SessionRecord {
  const created = parseTime(session.created);
  if (created !== undefined && created.getTime() <= clock.now().getTime() + CLOCK_SKEW_MS) return session;
  throw unauthenticated(`this sign-in is of ${session.created}, which has not come yet`, 'Sign in again.');
}

async function findLiving<R extends TokenRecord | SessionRecord>(
  { id, secret }: Bearer,
  records: { find(id: string): Promise<R | null> },
  clock: Clock,
): Promise<R> {
  const record = await records.find(id);
  if (!secretMatches(secret, record?.secretSha256 ?? null) || record === null) throw notValid();
  const expires = parseTime(record.expires);
  if (expires === undefined || expires <= clock.now()) {
    throw unauthenticated(
      `this sign-in or token has expired at ${record.expires}`,
      'Sign in again, or get a new token.',
    );
  }
  return record;
}

async function identityOfToken(
  token: TokenRecord,
  { store, policy, clock }: AuthenticateDependencies,
): Promise<Identity> {
  if (token.revoked !== null) throw unauthenticated('this token was revoked', 'Get a new token.');
  const officer = isOfficer(policy(), token.person ?? token.name);
  if (token.person === null && officer) {
    throw unauthenticated('this CI token has the name of an officer of the policy', 'Get one of another name.');
  }
  await store.tokens.touch(token.id, formatTime(clock.now()));
  const scopes = officer ? token.scopes : token.scopes.filter((scope) => scope !== 'decide');
  return {
    kind: 'token',
    id: token.id,
    caller:
      token.person === null
        ? { name: token.name, kind: 'ci', via: 'ci', person: null, scopes }
        : { name: token.person, kind: 'person', via: 'token', person: token.person, scopes },
  };
}

function identityOfSession({ id, person, fingerprint }: SessionRecord, policy: SignedPolicy): Identity {
  if (officerKeys(policy).get(fingerprint) !== person) {
    throw unauthenticated('the key of this sign-in is no longer an officer’s', 'Sign in with a key of the policy.');
  }
  return { kind: 'session', id, caller: { name: person, kind: 'person', via: 'login', person, scopes: SCOPES } };
}

function notValid(): CountersignError {
  return unauthenticated('the bearer token is not valid', 'Sign in again, or get a new token.');
}

function unauthenticated(message: string, hint: string): CountersignError {
  return new CountersignError('UNAUTHENTICATED', message, { hint });
}
