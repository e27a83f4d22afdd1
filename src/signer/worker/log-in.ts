import { CountersignError, isCountersignError } from '../../errors.js';
import { PinRecord, readPinFile } from '../pin/index.js';
import type { TokenInfo, TokenSession } from '../pkcs11/index.js';
import { actionAfter } from '../pkcs11/ckr.js';

/** How long another process that is logging in to the same token is waited for. */
const LOGIN_WAIT_MS = 10_000;

/** What is needed of a `TokenSession` to log in. */
export type LoginSession = Pick<TokenSession, 'isLoggedIn' | 'login'> & {
  readonly token: { readonly info: TokenInfo };
};

/**
 * Logs in with the PIN of `pinFile`, once, and keeps the record of it that outlives this process.
 *
 * @throws PIN_FILE_INVALID; PIN_REFUSED, PIN_LOCKED: now, before, or by the token's flags; TOKEN_UNAVAILABLE, TOKEN_FAILED
 */
export function logIn(session: LoginSession, pinFile: string, stateDir: string): void {
  if (session.isLoggedIn()) return;
  refuseByFlags(session);
  const pin = readPinFile(pinFile);
  const record = new PinRecord(stateDir, session.token.info);
  record.begin(LOGIN_WAIT_MS);
  try {
    session.login(pin);
  } catch (error) {
    recordFailure(record, error);
    throw error;
  }
  record.accept();
}

/** A wrong PIN would lock the token: that try is the operator's. */
function refuseByFlags({ token: { info } }: LoginSession): void {
  const details = { token: info.label, serial: info.serial };
  if (info.userPinLocked) {
    throw new CountersignError('PIN_LOCKED', `the token ${info.label} has locked its PIN`, {
      hint: 'unlock it with the vendor’s tool',
      details,
    });
  }
  if (info.userPinFinalTry) {
    throw new CountersignError('PIN_REFUSED', `the token ${info.label} allows one last PIN try; it is left to people`, {
      hint: 'log in once with the vendor’s tool and the right PIN, correct the PIN file, then restart the signer',
      details,
    });
  }
}

/** An answer that names neither PIN nor token stays on record as an unanswered try: it may have counted. */
function recordFailure(record: PinRecord, error: unknown): void {
  const action = actionAfter(error);
  if (action === 'stop-pin') record.refuse('refused');
  else if (action === 'stop-locked') record.refuse('locked');
  else if (isCountersignError(error, 'TOKEN_UNAVAILABLE')) record.withdraw();
}

/**
 * Keeps the token's word about the PIN also where it came from another call than C_Login: the next process would send
 * the PIN again otherwise.
 */
export function recordRefusal(info: TokenInfo, stateDir: string, error: unknown): void {
  const action = actionAfter(error);
  if (action !== 'stop-pin' && action !== 'stop-locked') return;
  try {
    new PinRecord(stateDir, info).refuseUnasked(action === 'stop-pin' ? 'refused' : 'locked');
  } catch {
    // what the token said matters more to whoever waits; the pool stops either way
  }
}
