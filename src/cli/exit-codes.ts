import { isCountersignError, type ErrorCode } from '../errors.js';

/** What the exit status of every command means. Scripts may rely on it. */
export const EXIT = {
  done: 0,
  /** It was refused, or what was checked does not hold. Trying the same again changes nothing. */
  refused: 1,
  /** The command line or a configuration file is wrong. Nothing was done. */
  usage: 2,
  /** Service, signer, token or Factory could not be reached or is busy. Trying again later may help. */
  unavailable: 3,
  /** Nothing is trusted on this machine yet: `countersign trust`. */
  notTrusted: 4,
  /** The time to wait ended and people have still to approve. The request stays. */
  waiting: 5,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  PINS_MISSING: EXIT.notTrusted,
  FACTORY_UNAVAILABLE: EXIT.unavailable,
  SERVICE_UNAVAILABLE: EXIT.unavailable,
  SIGNER_UNAVAILABLE: EXIT.unavailable,
  SIGNER_STOPPING: EXIT.unavailable,
  TOKEN_UNAVAILABLE: EXIT.unavailable,
  WORKER_UNAVAILABLE: EXIT.unavailable,
  RATE_LIMITED: EXIT.unavailable,
};

export function exitCodeOf(error: unknown): number {
  return (isCountersignError(error) ? BY_CODE[error.code] : undefined) ?? EXIT.refused;
}
