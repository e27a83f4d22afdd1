import type { Caller } from '../../signing/index.js';

/** Who a bearer token speaks for. */
export interface Identity {
  readonly kind: 'token' | 'session';
  /** Public part of the bearer token; what rate limits and logs go by. */
  readonly id: string;
  readonly caller: Caller;
}
