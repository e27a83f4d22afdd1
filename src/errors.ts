/**
 * The one error of Countersign. Callers and tests look at `code`, people read `message`,
 * and nothing in either may hold a PIN, a bearer token or a signed payload.
 */

/** Every code there is. A code is API: it stands in problem+json answers, exit messages and tests. */
export const ERROR_CODES = [
  // Input that is not what it should be
  'INPUT_INVALID', // a member is missing, unknown or of the wrong form; `pointer` names it
  'CONFIG_INVALID', // a configuration file says something that cannot be followed
  'USAGE', // a command was called with arguments that do not go together
  // tuf/: bytes and documents
  'JSON_INVALID', // not RFC 8259 JSON, or bytes after its end
  'JSON_DUPLICATE_KEY',
  'JSON_TOO_DEEP',
  'JSON_TOO_LARGE',
  'CANONICAL_UNSAFE', // JSON, but verifiers would disagree on its canonical bytes
  'NOT_CANONICAL', // not in canonical form as it stands, where that is what gets signed
  'METADATA_INVALID', // canonical, but not TUF metadata of the expected role
  'KEY_INVALID', // key type, length or encoding that devices do not accept
  'SIGNATURE_INVALID',
  'SIGNATURE_DUPLICATE_KEYID',
  'THRESHOLD_NOT_MET',
  'VERSION_ROLLBACK',
  'VERSION_GAP',
  'METADATA_EXPIRED',
  'ROOT_NOT_TRUSTED', // the first root is not the one that was pinned
  // factory/: Foundries' rules for Waves
  'WAVE_VERSION_UNKNOWN', // the CI targets have no such version
  'WAVE_VERSION_NOT_HIGHER', // at or below what the tag's production targets hold
  'WAVE_TARGET_EXISTS',
  'WAVE_NO_TARGETS', // the source tag matches nothing
  'WAVE_PRUNE_UNKNOWN',
  'WAVE_PRUNE_SELF',
  'WAVE_ENTRY_MISMATCH', // an entry differs from the CI entry in more than its tags
  'WAVE_CHANGE_INEXPRESSIBLE', // the submitted document does something that no change can say
  'WAVE_EXPIRES_INVALID',
  'CHANGES_DO_NOT_REPRODUCE', // apply(changes, base) gives other bytes than the document
  // factory/: Foundries' rules for root updates
  'ROOT_CHANGE_INEXPRESSIBLE', // the proposed roots do something that no change can say
  'ROOT_VERSION_INVALID', // not one above the root in force, or one that the server makes
  'ROOT_EXPIRES_INVALID',
  'ROOT_CHANGELOG_MISSING',
  'ROOT_THRESHOLD_UNREACHABLE', // more signatures than the role has keys
  'ROOT_CI_THRESHOLD', // CI targets need one signature, neither more nor fewer
  'ROOT_PRODUCTION_THRESHOLD', // production targets need two signatures or more
  'ROOTS_DIFFER', // CI root and production root differ in more than the targets threshold
  'ROOT_ONLINE_KEY', // an online key is touched by other than the Factory
  'ROOT_KEY_UNKNOWN', // the role has no such key to replace or remove
  'ROOT_KEY_CHANGED', // another key under the keyid of one in force
  'ROOT_KEY_REUSED', // one key, one role
  'ROOT_KEY_OTHER_FACTORY', // one key, one Factory
  'STANDBY_KEY_MISSING', // a key is to come in, and none is ready in a token
  'ROOT_KEYS_TOO_FEW', // fewer keys than the policy wants in the role
  'ROOT_OWNER_STALE', // x-key-owners names a key that is none of the root's
  'ROOT_WAVE_ACTIVE', // targets and online keys stay while a Wave is active
  'RE_SIGN_DOCUMENT_UNKNOWN', // no such production or Wave targets
  'RE_SIGN_NOT_SIGNED', // it carries no valid signature of an offline targets key, so it has to be adopted
  'RE_SIGN_NEEDLESS', // signed by that key already, or adopted though it is signed
  'RE_SIGN_MISSING', // it would be left with fewer signatures than devices want
  'ADOPTED_DOCUMENT_MISMATCH', // adopted were other bytes
  // factory/: offline bundles
  'BUNDLE_TYPE', // a bundle of type ci, which no offline key signs
  'BUNDLE_TARGET_UNKNOWN', // it lists what the targets beside it do not have for its tag
  'BUNDLE_EXPIRES_INVALID',
  'BUNDLE_SIGNATURE_INVALID', // devices would refuse it for a signature that is there, or the Factory's own is missing
  'BUNDLE_BASE_INVALID', // devices would refuse the targets beside it
  'BUNDLE_SIGNED', // it has all signatures already
  'BUNDLE_CHANGED', // the file is not any more what was sent to be signed
  // what the Factory made of the roots that were sent to it
  'ROOT_ANSWER_VERSION',
  'ROOT_ANSWER_ONLINE_KEY',
  'ROOT_ANSWER_KEY',
  'ROOT_ANSWER_THRESHOLD',
  'ROOT_ANSWER_EXPIRES',
  'ROOT_ANSWER_CHANGELOG',
  'ROOT_ANSWER_DIFFERS', // in anything else
  // offline-keys/: archives that fioctl keeps offline keys in
  'OFFLINE_KEYS_INVALID', // no such archive, cut short, or a key in it is none
  'OFFLINE_KEYS_TOO_LARGE',
  'OFFLINE_KEYS_UNSAFE', // paths that lead out of it, links, devices
  // policy/
  'POLICY_INVALID',
  'POLICY_NOT_SIGNED', // not enough of the right officers signed it
  'POLICY_CHAIN_BROKEN',
  'POLICY_NOT_PINNED', // policy version 1 is not the pinned one
  'KIND_NOT_ALLOWED', // the policy says nothing about requests of this kind
  'EXPIRES_BEYOND_POLICY',
  'FACTORY_NOT_IN_POLICY',
  // approval/
  'SSH_KEY_INVALID',
  'SSHSIG_INVALID', // not an SSH signature, or of a form that is not accepted
  'SSHSIG_NAMESPACE', // made for another purpose
  'SSHSIG_MISMATCH', // does not verify over these bytes
  'SSHSIG_USER_PRESENCE', // a FIDO key signed without a touch
  'OFFICER_UNKNOWN', // the key belongs to no officer of the policy
  // dossier/
  'DOSSIER_INVALID',
  'DOSSIER_FORMAT_UNKNOWN',
  'DOSSIER_NOT_HELD', // it came without its targets, which the signer does not hold: it has to come whole
  'EVIDENCE_INVALID', // the journal's lines in it do not hang together or are about something else
  'STATEMENT_INVALID',
  'STATEMENT_EXPIRED',
  'STATEMENT_FROM_FUTURE',
  'STATEMENT_LIFETIME',
  'STATEMENT_OTHER_SERVICE',
  'STATEMENT_BASE_MISMATCH', // what the statement builds on is not what the dossier holds
  'STATEMENT_DOCUMENT_MISMATCH',
  'STATEMENT_KEYS_MISMATCH', // the statement's keys are not just those that are new to the roots
  'KEY_PROOF_INVALID', // nothing proves that the key is held, for this role of this Factory
  'SIGN_KEY_NOT_IN_ROLE', // a keyid to sign with is none of the production root's targets role
  'SIGN_KEY_ONLINE', // a keyid to sign with is the Factory's online key
  'APPROVAL_DUPLICATE', // one approval stands twice in the dossier
  'QUORUM_NOT_MET',
  'REJECTED', // an officer's rejection is final
  'PINS_MISSING', // nothing was trusted yet on this machine
  // signer/
  'KEY_NOT_FOUND',
  'KEY_AMBIGUOUS',
  'KEY_ATTRIBUTES', // a private key is extractable, not sensitive, or imported
  'KEY_EXISTS',
  'KEY_ROLE_MISMATCH',
  'KEY_IN_USE', // a key that a root names, or soon may, is not destroyed
  'TOKEN_NOT_FOUND',
  'TOKEN_AMBIGUOUS',
  'TOKEN_MESSAGE_LIMIT', // this token cannot sign a message of that length with that key
  'TOKEN_MECHANISM_MISSING',
  'TOKEN_UNAVAILABLE', // gone, or answering with device errors; can be retried
  'TOKEN_FAILED', // an error of the module that has no better name
  'MODULE_NOT_LOADED',
  'PIN_REFUSED', // the token refused the PIN; it is never tried again without the operator
  'PIN_LOCKED',
  'PIN_FILE_INVALID', // missing, empty, or readable by others
  'SIGNATURE_WRONG', // the token returned a signature that does not verify; it was thrown away
  'WORKER_UNAVAILABLE', // no worker could finish the job within its retries
  'SIGNER_NOT_INITIALISED',
  'SIGNER_ALREADY_INITIALISED',
  'SIGNER_BUSY', // another signer runs on this state directory
  'SIGNER_STOPPING',
  'SIGNER_UNAVAILABLE', // the service cannot reach the signer
  'SERVICE_UNAVAILABLE', // the command line cannot reach the service
  'GATEWAY_UNAVAILABLE', // what fioctl is pointed at does not answer
  'SIGNER_CLOCK', // the clock is behind the journal's last entry
  'JOURNAL_DAMAGED',
  'JOURNAL_WRITE_FAILED',
  'JOURNAL_INCOMPLETE', // the journal does not hold a signature whose receipt the service has
  'RECOVERY_INVALID', // no recovery document, or not one for this service
  'RECOVERY_EXPIRED',
  'RECOVERY_MISMATCH', // the journal and the files given do not make this recovery
  'WATERMARK_PUBLISHED', // other bytes at or below what is published are never signed
  'WATERMARK_ISSUED', // other bytes were signed at this version and the statement does not supersede them
  'VETOED',
  'ROLE_FROZEN', // published metadata carries our signature, but the journal does not know it
  'REQUEST_ID_REUSED', // a signed request's id came again with another statement
  'REQUEST_KEY_IN_ROOT', // a root names a request key, which only ever shows who asks
  // signing/, store/
  'REQUEST_KEY_REFUSED', // a key of a token or a root, one of another account, or registered before
  'REQUEST_KEY_EXISTS', // the account has request keys in use
  'REQUEST_KEY_NOT_FOUND',
  'REQUEST_KEY_MISSING', // the account has no request key in use
  'REQUEST_SIGNATURE_REFUSED', // not signed by a request key of the account that calls
  'REQUEST_NOT_FOUND',
  'REQUEST_OPEN_EXISTS', // one open wave per tag
  'EXTERNAL_SIGNATURE_INVALID', // handed in for a root update, and not over its documents
  'SIGNATURES_MISSING', // keys in tokens of another signer have yet to sign
  'ROOT_UPDATE_ACTIVE', // the Factory has a root update under way that is not ours
  'ROOT_UPDATE_LOST', // the Factory does not have our root update any more
  'REQUEST_STATE', // not possible in the state that the request is in
  'IDEMPOTENCY_CONFLICT', // the Idempotency-Key came before with another body
  'APPROVAL_NOT_COUNTED', // valid, but of the requester
  'STALE_BASE', // the Factory moved on since the statement was made
  'STORE_FAILED',
  'STORE_UNSUPPORTED',
  'EVENT_LOG_DAMAGED',
  'DELIVERY_CONFLICT', // the Factory holds something else under this name or version
  // foundries/: the Factory's API
  'FACTORY_UNAVAILABLE', // no answer, a cut connection or a 5xx
  'FACTORY_REFUSED', // a 4xx; the Factory's own text is in the message
  'FACTORY_UNAUTHORIZED',
  'FACTORY_NOT_FOUND',
  'FACTORY_ANSWER_INVALID',
  // http/
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE',
  'RATE_LIMITED',
  'LOGIN_FAILED',
  'SERVICE_ANSWER_INVALID', // the command line got an answer that is not this API's
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** JSON pointer (RFC 6901) to the member that is wrong, e.g. `/signed/targets/a~1b/length`; `''` is the whole document. */
  readonly pointer?: string;
  /** What the reader should do next, as one sentence. */
  readonly hint?: string;
  /** Names that help to find the place: keyid, role, version, tag, path. Never secrets or payloads. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly cause?: unknown;
}

export class CountersignError extends Error {
  override readonly name: string = 'CountersignError';
  readonly code: ErrorCode;
  readonly pointer: string | undefined;
  readonly hint: string | undefined;
  readonly details: ErrorDetails['details'];

  constructor(code: ErrorCode, message: string, more: ErrorDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.pointer = more.pointer;
    this.hint = more.hint;
    this.details = more.details;
  }
}

/**
 * Whether `error` is a CountersignError, with that code if one is given. Looks at the shape, not the
 * class: an error may come from another realm (jest) or another process (a worker).
 */
export function isCountersignError(error: unknown, code?: ErrorCode): error is CountersignError {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return code === undefined ? (ERROR_CODES as readonly unknown[]).includes(error.code) : error.code === code;
}

/** What another says of an error; `pointer: null` leaves it without one. */
interface Restatement extends Pick<ErrorDetails, 'details' | 'hint'> {
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly pointer?: string | null;
}

/** A refusal in the terms of whoever asked. What is not said anew stays as it is; the error itself is the cause. */
export function restated(error: CountersignError, anew: Restatement): CountersignError {
  const pointer = anew.pointer === undefined ? error.pointer : (anew.pointer ?? undefined);
  const details = anew.details ?? error.details;
  const hint = anew.hint ?? error.hint;
  return new CountersignError(anew.code ?? error.code, anew.message ?? error.message, {
    ...(pointer === undefined ? {} : { pointer }),
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
    cause: error,
  });
}

/**
 * Works on a part of what was given, so that pointers of refusals lead from the root of the whole.
 *
 * @param place pointer to the part
 * @param name of the part, for messages
 */
export function inPart<T>(place: string, work: () => T, name?: string): T {
  try {
    return work();
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    const message = name === undefined ? error.message : `${name}: ${error.message}`;
    throw restated(error, { message, pointer: `${place}${error.pointer ?? ''}` });
  }
}

/** An error as it crosses a process border: signer to service, worker to signer, service to client. */
export interface ErrorWire {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pointer?: string;
  readonly hint?: string;
  readonly details?: ErrorDetails['details'];
}

/** Turns any thrown value into what may cross a border; what is not ours becomes INTERNAL without its text. */
export function errorToWire(error: unknown): ErrorWire {
  if (!isCountersignError(error)) {
    return { code: 'INTERNAL', message: 'an internal error occurred; the log has its cause' };
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/** The other direction: an error that another process reported. */
export function errorFromWire(wire: ErrorWire): CountersignError {
  return new CountersignError(wire.code, wire.message, {
    ...(wire.pointer === undefined ? {} : { pointer: wire.pointer }),
    ...(wire.hint === undefined ? {} : { hint: wire.hint }),
    ...(wire.details === undefined ? {} : { details: wire.details }),
  });
}
