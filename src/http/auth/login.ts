import { randomBytes } from 'node:crypto';
import {
  encodeLoginChallenge,
  NAMESPACES,
  parseSshPublicKey,
  parseSshSignature,
  verifySshSignature,
} from '../../approval/index.js';
import { CountersignError, isCountersignError } from '../../errors.js';
import type { SignedPolicy } from '../../policy/index.js';
import type { Clock } from '../../signing/index.js';
import { formatTime, sha256Hex } from '../../tuf/index.js';
import type { AuthStore } from './auth-store.js';
import { createBearer, formatBearer, hashSecret } from './bearer.js';
import type { Identity } from './identity.js';
import { officerKeys } from './officer-keys.js';

export interface LoginDependencies {
  readonly store: Pick<AuthStore, 'sessions' | 'challenges'>;
  readonly policy: () => SignedPolicy;
  readonly clock: Clock;
  /** Hex SHA-256 of policy version 1: a challenge is worth nothing to another service. */
  readonly service: string;
  /** Shown to the person who signs; left out where the service does not know its address. */
  readonly publicUrl?: string;
  readonly sessionMinutes: number;
}

const CHALLENGE_SECONDS = 300;

/**
 * A challenge for the holder of a key. Everybody gets one; it is remembered, and so worth something, only when
 * the key is an officer's. So the answer does not tell whose keys are known, and strangers fill no table.
 *
 * @param publicKeyLine as in a `.pub` file
 * @throws SSH_KEY_INVALID
 */
export async function createChallenge(
  publicKeyLine: string,
  { store, policy, clock, service, publicUrl }: LoginDependencies,
): Promise<{ challenge: string; expires: string }> {
  const { fingerprint } = parseSshPublicKey(publicKeyLine);
  const now = clock.now();
  const expires = formatTime(new Date(now.getTime() + CHALLENGE_SECONDS * 1000));
  const challenge = encodeLoginChallenge({
    service,
    nonce: randomBytes(32).toString('hex'),
    expires,
    ...(publicUrl === undefined ? {} : { url: publicUrl }),
  }).toString('utf8');
  const person = officerKeys(policy()).get(fingerprint);
  if (person !== undefined) {
    await store.challenges.create({
      sha256: sha256Hex(challenge),
      text: challenge,
      person,
      fingerprint,
      created: formatTime(now),
      expires,
    });
  }
  return { challenge, expires };
}

/**
 * Begins a session for the officer whose key signed the challenge. A challenge is used up by the first try,
 * whether it succeeds or not. Which step failed is not told.
 *
 * @throws SSHSIG_INVALID for what is no SSH signature at all; LOGIN_FAILED
 */
export async function login(
  answer: { readonly challenge: string; readonly sshsig: string },
  { store, policy, clock, sessionMinutes }: LoginDependencies,
): Promise<{ session: string; person: string; expires: string }> {
  const { publicKey } = parseSshSignature(answer.sshsig);
  const now = clock.now();
  const challenge = await store.challenges.consume(sha256Hex(answer.challenge), formatTime(now));
  if (
    challenge === null ||
    challenge.text !== answer.challenge ||
    challenge.fingerprint !== publicKey.fingerprint ||
    officerKeys(policy()).get(publicKey.fingerprint) !== challenge.person
  ) {
    throw loginFailed();
  }
  verifyAnswer(answer);
  const bearer = createBearer('session');
  const created = formatTime(now);
  const expires = formatTime(new Date(now.getTime() + sessionMinutes * 60_000));
  const { person, fingerprint } = challenge;
  await store.sessions.create(
    { id: bearer.id, person, fingerprint, secretSha256: hashSecret(bearer.secret), created, expires },
    { at: created, actor: person, type: 'login', request: null, details: { session: bearer.id, fingerprint } },
  );
  return { session: formatBearer(bearer), person, expires };
}

/** Ends the session that calls. @throws FORBIDDEN for an API token, which only its operator revokes */
export async function logout(
  identity: Identity,
  { store, clock }: Pick<LoginDependencies, 'store' | 'clock'>,
): Promise<void> {
  if (identity.kind !== 'session') {
    throw new CountersignError('FORBIDDEN', 'only a sign-in can be ended here', {
      hint: 'An API token ends with `countersign token revoke`.',
    });
  }
  await store.sessions.end(identity.id, {
    at: formatTime(clock.now()),
    actor: identity.caller.name,
    type: 'logout',
    request: null,
    details: { session: identity.id },
  });
}

function verifyAnswer({ challenge, sshsig }: { challenge: string; sshsig: string }): void {
  try {
    verifySshSignature({ armored: sshsig, namespace: NAMESPACES.login, message: Buffer.from(challenge, 'utf8') });
  } catch (error) {
    // a key that was not touched is the caller's own, and worth telling; all else is one answer
    if (isCountersignError(error, 'SSHSIG_USER_PRESENCE')) throw error;
    throw loginFailed(error);
  }
}

function loginFailed(cause?: unknown): CountersignError {
  return new CountersignError('LOGIN_FAILED', 'the sign-in failed', {
    hint: `Ask for a new challenge and sign it, unchanged, with an officer's key in the namespace ${NAMESPACES.login}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
