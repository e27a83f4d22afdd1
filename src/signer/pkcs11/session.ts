import { SessionFlag, type Session } from 'graphene-pk11';
import { CountersignError } from '../../errors.js';
import { call } from './call.js';
import { USER_SESSION_STATES } from './constants.js';
import type { TokenInSlot } from './module.js';

/**
 * A read-write session (a YubiHSM wants one even for signing) in which one operation runs at a time.
 * The login belongs to the token and the process, not to the session.
 */
export class TokenSession {
  readonly token: TokenInSlot;
  #session: Session;

  private constructor(token: TokenInSlot, session: Session) {
    this.token = token;
    this.#session = session;
  }

  static open(token: TokenInSlot): TokenSession {
    return new TokenSession(token, openSession(token));
  }

  get native(): Session {
    return this.#session;
  }

  isLoggedIn(): boolean {
    const session = this.#session;
    const { state } = call('C_GetSessionInfo', () => session.lib.C_GetSessionInfo(session.handle));
    return USER_SESSION_STATES.includes(state);
  }

  /** C_Login as the user. Whoever calls this keeps the record of tries (`PinRecord`). */
  login(pin: string): void {
    call('C_Login', () => this.#session.login(pin));
  }

  /**
   * Puts a new session in the place of this one, for an operation may be stuck in it for good. The new one is
   * opened first: with the last session the login would go, and the PIN would have to be sent again.
   *
   * @throws TOKEN_UNAVAILABLE if the login did not carry over
   */
  replace(): void {
    const old = this.#session;
    this.#session = openSession(this.token);
    try {
      old.close();
    } catch {
      // it was spent; whether the module still knows it does not matter
    }
    if (!this.isLoggedIn()) {
      throw new CountersignError('TOKEN_UNAVAILABLE', 'the token forgot the login with the old session');
    }
  }

  /** Logs out and closes, each whatever became of the other. */
  close(): void {
    for (const step of [() => this.#session.logout(), () => this.#session.close()]) {
      try {
        step();
      } catch {
        // a token that is gone cannot be logged out of
      }
    }
  }
}

function openSession(token: TokenInSlot): Session {
  return call('C_OpenSession', () => token.slot.open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION));
}
