import { CountersignError, isCountersignError, type ErrorCode } from '../../errors.js';

/**
 * What may be done after a failed call:
 * - `retry`: the device was busy or interrupted; the same session may try again
 * - `fresh-session`: the session is spent (an operation stuck in it, or closed under us); the login holds
 * - `fresh-process`: module, login or token are in doubt; only a new process sets everything up from nothing
 * - `stop-pin`: the PIN was not accepted; it is never tried again by any process until the operator says so
 * - `stop-locked`: the token has locked the PIN
 * - `fatal`: the same call would fail the same way again; worker and session are fine
 */
export const CKR_ACTIONS = ['retry', 'fresh-session', 'fresh-process', 'stop-pin', 'stop-locked', 'fatal'] as const;
export type CkrAction = (typeof CKR_ACTIONS)[number];

export interface CkrEntry {
  readonly name: string;
  readonly action: CkrAction;
  readonly errorCode: ErrorCode;
}

const rows: readonly [code: number, name: string, action: CkrAction, errorCode: ErrorCode][] = [
  [0x01, 'CKR_CANCEL', 'retry', 'TOKEN_UNAVAILABLE'],
  [0x02, 'CKR_HOST_MEMORY', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x03, 'CKR_SLOT_ID_INVALID', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x05, 'CKR_GENERAL_ERROR', 'fresh-process', 'TOKEN_FAILED'],
  [0x06, 'CKR_FUNCTION_FAILED', 'fresh-session', 'TOKEN_FAILED'],
  [0x07, 'CKR_ARGUMENTS_BAD', 'fatal', 'TOKEN_FAILED'],
  [0x09, 'CKR_NEED_TO_CREATE_THREADS', 'fatal', 'MODULE_NOT_LOADED'],
  [0x0a, 'CKR_CANT_LOCK', 'fatal', 'MODULE_NOT_LOADED'],
  [0x10, 'CKR_ATTRIBUTE_READ_ONLY', 'fatal', 'TOKEN_FAILED'],
  [0x11, 'CKR_ATTRIBUTE_SENSITIVE', 'fatal', 'TOKEN_FAILED'],
  [0x12, 'CKR_ATTRIBUTE_TYPE_INVALID', 'fatal', 'TOKEN_FAILED'],
  [0x13, 'CKR_ATTRIBUTE_VALUE_INVALID', 'fatal', 'TOKEN_FAILED'],
  [0x1b, 'CKR_ACTION_PROHIBITED', 'fatal', 'TOKEN_FAILED'],
  [0x20, 'CKR_DATA_INVALID', 'fatal', 'TOKEN_FAILED'],
  [0x21, 'CKR_DATA_LEN_RANGE', 'fatal', 'TOKEN_MESSAGE_LIMIT'],
  [0x30, 'CKR_DEVICE_ERROR', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x31, 'CKR_DEVICE_MEMORY', 'retry', 'TOKEN_UNAVAILABLE'],
  // A YubiHSM connector that was reset answers this once and works again; a token that is gone keeps saying it.
  [0x32, 'CKR_DEVICE_REMOVED', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x50, 'CKR_FUNCTION_CANCELED', 'retry', 'TOKEN_UNAVAILABLE'],
  [0x54, 'CKR_FUNCTION_NOT_SUPPORTED', 'fatal', 'TOKEN_MECHANISM_MISSING'],
  // The key was there when the worker listed it: a new process looks again and knows.
  [0x60, 'CKR_KEY_HANDLE_INVALID', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x62, 'CKR_KEY_SIZE_RANGE', 'fatal', 'TOKEN_MECHANISM_MISSING'],
  [0x63, 'CKR_KEY_TYPE_INCONSISTENT', 'fatal', 'TOKEN_FAILED'],
  [0x68, 'CKR_KEY_FUNCTION_NOT_PERMITTED', 'fatal', 'TOKEN_FAILED'],
  [0x70, 'CKR_MECHANISM_INVALID', 'fatal', 'TOKEN_MECHANISM_MISSING'],
  [0x71, 'CKR_MECHANISM_PARAM_INVALID', 'fatal', 'TOKEN_MECHANISM_MISSING'],
  // SoftHSM says this of every key once the token's directory is gone.
  [0x82, 'CKR_OBJECT_HANDLE_INVALID', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x90, 'CKR_OPERATION_ACTIVE', 'fresh-session', 'TOKEN_FAILED'],
  [0x91, 'CKR_OPERATION_NOT_INITIALIZED', 'fresh-session', 'TOKEN_FAILED'],
  [0xa0, 'CKR_PIN_INCORRECT', 'stop-pin', 'PIN_REFUSED'],
  [0xa1, 'CKR_PIN_INVALID', 'stop-pin', 'PIN_REFUSED'],
  [0xa2, 'CKR_PIN_LEN_RANGE', 'stop-pin', 'PIN_REFUSED'],
  [0xa3, 'CKR_PIN_EXPIRED', 'stop-pin', 'PIN_REFUSED'],
  [0xa4, 'CKR_PIN_LOCKED', 'stop-locked', 'PIN_LOCKED'],
  [0xb0, 'CKR_SESSION_CLOSED', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0xb1, 'CKR_SESSION_COUNT', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0xb3, 'CKR_SESSION_HANDLE_INVALID', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0xb4, 'CKR_SESSION_PARALLEL_NOT_SUPPORTED', 'fatal', 'TOKEN_FAILED'],
  [0xb5, 'CKR_SESSION_READ_ONLY', 'fatal', 'TOKEN_FAILED'],
  [0xb8, 'CKR_SESSION_READ_WRITE_SO_EXISTS', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0xd0, 'CKR_TEMPLATE_INCOMPLETE', 'fatal', 'TOKEN_FAILED'],
  [0xd1, 'CKR_TEMPLATE_INCONSISTENT', 'fatal', 'TOKEN_FAILED'],
  [0xe0, 'CKR_TOKEN_NOT_PRESENT', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0xe1, 'CKR_TOKEN_NOT_RECOGNIZED', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0xe2, 'CKR_TOKEN_WRITE_PROTECTED', 'fatal', 'TOKEN_FAILED'],
  [0x100, 'CKR_USER_ALREADY_LOGGED_IN', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x101, 'CKR_USER_NOT_LOGGED_IN', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x102, 'CKR_USER_PIN_NOT_INITIALIZED', 'stop-pin', 'PIN_REFUSED'],
  [0x103, 'CKR_USER_TYPE_INVALID', 'fatal', 'TOKEN_FAILED'],
  [0x104, 'CKR_USER_ANOTHER_ALREADY_LOGGED_IN', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x105, 'CKR_USER_TOO_MANY_TYPES', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x130, 'CKR_DOMAIN_PARAMS_INVALID', 'fatal', 'TOKEN_MECHANISM_MISSING'],
  // The result buffer is never too small: a YubiHSM says this of an Ed25519 message that is too long.
  [0x150, 'CKR_BUFFER_TOO_SMALL', 'fatal', 'TOKEN_MESSAGE_LIMIT'],
  [0x190, 'CKR_CRYPTOKI_NOT_INITIALIZED', 'fresh-process', 'TOKEN_UNAVAILABLE'],
  [0x191, 'CKR_CRYPTOKI_ALREADY_INITIALIZED', 'fresh-process', 'TOKEN_FAILED'],
  [0x1a0, 'CKR_MUTEX_BAD', 'fresh-process', 'TOKEN_FAILED'],
  [0x1a1, 'CKR_MUTEX_NOT_LOCKED', 'fresh-process', 'TOKEN_FAILED'],
  [0x1b0, 'CKR_NEW_PIN_MODE', 'stop-pin', 'PIN_REFUSED'],
  [0x1b6, 'CKR_FIPS_SELF_TEST_FAILED', 'fresh-process', 'TOKEN_FAILED'],
  [0x1b7, 'CKR_LIBRARY_LOAD_FAILED', 'fatal', 'MODULE_NOT_LOADED'],
  [0x1b8, 'CKR_PIN_TOO_WEAK', 'fatal', 'PIN_FILE_INVALID'],
  [0x200, 'CKR_FUNCTION_REJECTED', 'fatal', 'TOKEN_FAILED'],
];

/**
 * Every PKCS#11 result that means something here (PKCS#11 3.0, section 5.1), by its number. This is the one place
 * that knows numbers: all other code looks at the action and at the error code.
 */
export const CKR_TABLE: ReadonlyMap<number, CkrEntry> = new Map(
  rows.map(([code, name, action, errorCode]) => [code, { name, action, errorCode }]),
);

/** What a vendor's own code, or one that has no business in these calls, counts as. */
const UNLISTED: Omit<CkrEntry, 'name'> = { action: 'fresh-process', errorCode: 'TOKEN_FAILED' };

/** The table's entry for a result; vendor codes (0x80000000 and up) get a generic one. */
function ckrEntry(code: number): CkrEntry {
  return CKR_TABLE.get(code) ?? { name: `CKR_${hex(code)}`, ...UNLISTED };
}

/** The error for a failed call: `call` is the PKCS#11 function, `code` what it returned. */
export function ckrError(call: string, code: number): CountersignError {
  const entry = ckrEntry(code);
  const hint = HINTS[entry.errorCode];
  return new CountersignError(entry.errorCode, `${call} was answered with ${entry.name} (${hex(code)})`, {
    details: { call, ckr: entry.name, ckrCode: hex(code) },
    ...(hint === undefined ? {} : { hint }),
  });
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  PIN_REFUSED: 'correct the PIN file, then run `countersign signer pin-reset TOKEN`; until then no login is tried',
  PIN_LOCKED: 'unlock the PIN with the vendor’s tool, then run `countersign signer pin-reset TOKEN`',
};

/** What may be done after `error`, whoever threw it below the worker's surface. */
export function actionAfter(error: unknown): CkrAction {
  if (!isCountersignError(error)) return 'fresh-process';
  const code = error.details?.['ckrCode'];
  if (typeof code === 'string') return ckrEntry(Number.parseInt(code, 16)).action;
  return ACTIONS_WITHOUT_CKR[error.code] ?? 'fatal';
}

/** For what was found out without a failing call: the token's flags, our own checks. */
const ACTIONS_WITHOUT_CKR: Partial<Record<ErrorCode, CkrAction>> = {
  PIN_REFUSED: 'stop-pin',
  PIN_LOCKED: 'stop-locked',
  TOKEN_NOT_FOUND: 'fresh-process',
  TOKEN_UNAVAILABLE: 'fresh-process',
  SIGNATURE_WRONG: 'fresh-process', // whatever made it is not to be trusted with the next one
};

function hex(code: number): string {
  return `0x${code.toString(16).padStart(8, '0')}`;
}
