import { isCountersignError, type ErrorCode } from '../errors.js';
import type { SigningLimits } from './dependencies.js';
import type { StoredRequest } from './store-port.js';

/** After every time that is written with four digits of a year: not tried again by itself. */
export const NEVER = '9999-12-31T23:59:59.999Z';

/**
 * What passes by itself or by an operator's hand while the request stays what it is: the signer, its tokens, the
 * Factory or the database cannot do it now. All else is a refusal of this very request, and trying it again would
 * only bring the same answer.
 */
const TRANSIENT_FAMILIES = [
  'SIGNER_',
  'TOKEN_',
  'WORKER_',
  'MODULE_',
  'PIN_',
  'KEY_',
  'JOURNAL_',
  'FACTORY_',
  'STORE_',
] as const;
const TRANSIENT_CODES: readonly ErrorCode[] = ['ROLE_FROZEN', 'SIGNATURE_WRONG', 'RATE_LIMITED', 'INTERNAL'];

/** An error that is not ours counts as transient: it is a fault of this program, not a verdict. */
export function isTransient(error: unknown): boolean {
  if (!isCountersignError(error)) return true;
  const { code } = error;
  return TRANSIENT_CODES.includes(code) || TRANSIENT_FAMILIES.some((family) => code.startsWith(family));
}

/** When to try again after `failures` failures in a row: doubled pauses, from the first up to the longest. */
export function nextAttemptAt(now: Date, failures: number, limits: SigningLimits): string {
  const pauseMs = Math.min(limits.retryMaxMs, limits.retryFirstMs * 2 ** Math.min(failures - 1, 30));
  return new Date(now.getTime() + pauseMs).toISOString();
}

/** How long nothing is looked at while something else has to come first. */
const WAIT_MS = 30_000;

export function nextLookAt(now: Date, { retryMaxMs }: SigningLimits): string {
  return new Date(now.getTime() + Math.min(WAIT_MS, retryMaxMs)).toISOString();
}

/** The latest time at which a retry can be due: one that is set for later was set by a clock that was wrong. */
export function latestAttemptAt(now: Date, { retryMaxMs }: SigningLimits): string {
  return new Date(now.getTime() + retryMaxMs).toISOString();
}

/** Whether a request is to be looked at now; the store's `listDue` says the same of many. */
export function isDue(
  { state, expires, nextAttempt }: Pick<StoredRequest, 'state' | 'expires' | 'nextAttempt'>,
  now: Date,
  limits: SigningLimits,
): boolean {
  if (nextAttempt === null || nextAttempt <= now.toISOString()) return true;
  // An open request is looked at when its time is over, whatever stands in its way.
  if (state === 'open' && Date.parse(expires) <= now.getTime()) return true;
  return nextAttempt !== NEVER && nextAttempt > latestAttemptAt(now, limits);
}
