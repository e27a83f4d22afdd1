import type { ErrorWire } from '../errors.js';
import type { Key, Signature } from '../tuf/index.js';

/** The two offline roles; a key has exactly one. */
export const KEY_ROLES = ['root', 'targets'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** What can be made in a token. Devices accept nothing else that a token of today can make. */
export const KEY_TYPES = ['rsa3072', 'rsa4096', 'ed25519'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** Which token: by label, by serial, or by both (then both must match). Exactly one token may match. */
export interface TokenSelector {
  /** CKA-style label without its padding, at most 32 bytes. */
  readonly label?: string | undefined;
  /** The token's serial number without its padding. A YubiHSM has no label of its own: name it by serial. */
  readonly serial?: string | undefined;
}

/** One token and how to reach it. */
export interface TokenConfig extends TokenSelector {
  /** Absolute path of the PKCS#11 module. */
  readonly module: string;
  /** The worker's *whole* environment, e.g. `SOFTHSM2_CONF`. Nothing of the parent's is handed on. */
  readonly moduleEnvironment: Readonly<Record<string, string>>;
  /** Module arguments for `C_Initialize`; only for modules that take them (YubiHSM, NSS). SoftHSM rejects them. */
  readonly libraryParameters?: string | undefined;
  /** Absolute path of a file that holds the user PIN and that only its owner can read. */
  readonly pinFile: string;
  /** Worker processes, each with a login of its own; 1 for a YubiHSM, which signs no faster with more. */
  readonly workers: number;
  /** A worker that has not answered a signing by then is killed and the job given to another. */
  readonly signTimeoutMs: number;
  /** The same for loading the module, login and listing the keys; 30 s by default. */
  readonly startTimeoutMs?: number | undefined;
  /** How long a job waits for a token that is not there before TOKEN_UNAVAILABLE; 60 s by default. */
  readonly unavailableAfterMs?: number | undefined;
  /** The roles this token may sign for; all by default. */
  readonly roles?: readonly KeyRole[] | undefined;
}

/** Attributes of the private key as the token states them; null where it has no such attribute. */
export interface KeyAttributes {
  readonly sensitive: boolean | null;
  readonly extractable: boolean | null;
  readonly alwaysSensitive: boolean | null;
  readonly neverExtractable: boolean | null;
  readonly local: boolean | null;
}

/** A key pair in a token, as far as the world may know it. */
export interface TokenKey {
  readonly keyid: string;
  readonly key: Key;
  readonly keytype: Key['keytype'];
  readonly role: KeyRole;
  /** The Factory as it stands in the label: its name, or the short form of a long one (see `factoryInLabel`). */
  readonly factory: string;
  readonly token: { readonly label: string; readonly serial: string };
  /** CKA_ID in hex. Not a keyid. */
  readonly ckaId: string;
  readonly ckaLabel: string;
  readonly attributes: KeyAttributes;
  /** The longest message that this token signs with this key, in bytes; null if there is no such limit. */
  readonly maxMessageBytes: number | null;
}

/**
 * The key with which a token proves that it can sign. It stands in no root, belongs to no Factory and has no role, so it can be no
 * `TokenKey`: nothing that signs documents can be handed one.
 */
export interface CanaryKey {
  readonly keyid: string;
  readonly key: Key;
}

export type TokenState =
  | 'starting' // no worker has logged in yet
  | 'ready' // at least one worker is logged in
  | 'unavailable' // none is; started again and again with growing pauses
  | 'stopped' // the PIN was refused or is locked: nothing is tried again
  | 'closed';

export type WorkerState = 'starting' | 'idle' | 'busy' | 'waiting' | 'stopped';

export interface TokenStatus {
  readonly label: string | null;
  readonly serial: string | null;
  readonly state: TokenState;
  /** Why it is not ready; null while it is. */
  readonly error: ErrorWire | null;
  /** As it was last seen; null if the token has none, or nobody has looked yet. */
  readonly canary: CanaryKey | null;
  /** The roles that it may sign for by the configuration; null if that does not say. */
  readonly roles: readonly KeyRole[] | null;
  /** Jobs that wait for a worker. */
  readonly queued: number;
  readonly workers: readonly {
    readonly pid: number | null;
    readonly state: WorkerState;
    /** Processes started after the first one. */
    readonly restarts: number;
  }[];
}

export interface SignJob {
  readonly keyid: string;
  /** The exact bytes to be signed. */
  readonly payload: Uint8Array;
}

/**
 * Throws if one of some signatures is wrong. Given all of them, a part at a time in the order of the messages; from the first on again when a fresh
 * worker makes them anew.
 *
 * @param first which of the messages the first of these is for
 */
export type RequireRight = (some: readonly Signature[], first: number) => Promise<void>;

/** Signs with the keys of one token. */
export interface TokenPool {
  /**
   * Signs once, however often a worker has to be replaced meanwhile; the signature was verified in software.
   *
   * @throws KEY_NOT_FOUND, KEY_AMBIGUOUS, KEY_ATTRIBUTES, KEY_ROLE_MISMATCH, TOKEN_MESSAGE_LIMIT for this job;
   *   TOKEN_UNAVAILABLE, TOKEN_FAILED, WORKER_UNAVAILABLE, SIGNATURE_WRONG when retrying did not help;
   *   PIN_REFUSED, PIN_LOCKED, PIN_FILE_INVALID, MODULE_NOT_LOADED, TOKEN_AMBIGUOUS until the operator acts;
   *   SIGNER_STOPPING after `close`
   */
  sign(job: SignJob): Promise<{ signature: Signature }>;
  /**
   * Signs several messages with one key, all by one worker in one go: between two signatures nobody waits for a message to come and to go,
   * and nobody for verifying.
   *
   * @param requireRight verifies them while the worker makes others. If it throws, or the worker dies, a fresh worker makes all of them anew, and
   *   what it throws is thrown when that did not help
   * @returns as many signatures, in the same order, and how long the worker was at it
   * @throws as `sign`; those that `requireRight` let pass are right all the same
   */
  signAll(
    keyid: string,
    payloads: readonly Uint8Array[],
    requireRight: RequireRight,
  ): Promise<{ readonly signatures: readonly Signature[]; readonly tookMs: number }>;
  /**
   * Has the token sign a canary text with its canary key, in the same queue and by the same workers as everything else. Tried once: that it works
   * at the second try is no proof that it works.
   *
   * @throws KEY_NOT_FOUND, KEY_AMBIGUOUS, INPUT_INVALID for another text, and what else `sign` throws
   */
  signCanary(job: SignJob): Promise<{ signature: Signature }>;
  /**
   * Has a key with a role sign the text by which it proves itself, and no other.
   *
   * @throws INPUT_INVALID for another text, and what else `sign` throws
   */
  prove(job: SignJob): Promise<{ signature: Signature }>;
  /** The token's keys, read anew if a worker is there, else as they were last seen; the same codes as `sign`. */
  keys(): Promise<TokenKey[]>;
  status(): TokenStatus;
  /**
   * Looks for the token at once instead of at the end of its pause, also after it was stopped over its PIN. What is on record about that PIN
   * still counts: it is not sent again as long as the operator did not say so. Resolves when every worker that is missing was tried once.
   */
  lookAgain(): Promise<void>;
  /** Ends running jobs, refuses waiting ones, logs out everywhere; resolves when no worker is left. */
  close(): Promise<void>;
}
