import type { ErrorCode } from '../errors.js';
import type { JournalLine, StatementKey } from '../dossier/index.js';
import type { Repository } from '../factory/index.js';
import type { Key } from '../tuf/index.js';
import type { RootUpdatePort } from './root-update-port.js';

/**
 * The ports of a request's life: what `signing` needs of the world. The Factory's API client, the signer's
 * client and the store implement them and do not know each other. (The store's port has its own file.)
 */

export interface Clock {
  now(): Date;
}

/** Timers as the runner and the waiting need them, so that a test can drive them. */
export interface Timers {
  /** Calls `fn` once after `delayMs`; the answer stops it. */
  after(delayMs: number, fn: () => void): () => void;
}

/** Whose token it is, as the Factory says. */
export interface FactoryAccount {
  readonly polisId: string;
  readonly name: string;
  readonly role: string;
  readonly scopes: string[];
}

export interface WaveInfo {
  readonly name: string;
  readonly version: number;
  readonly tag: string;
  /** `active`, `complete` or `canceled`; the Factory may say others. */
  readonly status: string;
  /** The Factory's own object, as it was parsed. */
  readonly raw: unknown;
}

export interface WaveToCreate {
  readonly name: string;
  readonly version: number;
  readonly tag: string;
  /** The targets metadata, `{signatures, signed}`, as `serializeMetadata` gives it. */
  readonly metadata: Buffer;
}

export interface RolloutOptions {
  readonly group?: string;
  readonly limit?: number;
  readonly percentage?: number;
  readonly uuids?: readonly string[];
  readonly dryRun?: boolean;
}

/**
 * One Factory's published state. Documents are bytes as they were served; parsing and judging them is `tuf`'s.
 * Every call may throw FACTORY_UNAVAILABLE, FACTORY_REFUSED, FACTORY_UNAUTHORIZED and FACTORY_ANSWER_INVALID;
 * FACTORY_REFUSED carries the HTTP status as `details.status`.
 */
export interface FactoryPort extends RootUpdatePort {
  readonly name: string;
  readonly url: string;
  /** The roots from `fromVersion` up to the newest, ascending; empty if there is none of that version. */
  rootChain(repository: Repository, fromVersion: number): Promise<Buffer[]>;
  ciTargets(): Promise<Buffer>;
  /** The production targets metadata of the tag, or null if the tag has none yet. */
  productionTargets(tag: string): Promise<Buffer | null>;
  /** The targets metadata of an *active* Wave with all its signatures, or null. */
  waveTargets(name: string): Promise<Buffer | null>;
  wave(name: string): Promise<WaveInfo | null>;
  waves(filter?: { readonly tag?: string; readonly status?: string }): Promise<WaveInfo[]>;
  /** Never tried twice by the client itself: a lost answer is FACTORY_UNAVAILABLE, and the caller looks before it repeats. */
  createWave(wave: WaveToCreate): Promise<void>;
  onlineTargetsKey(): Promise<Key>;
  self(): Promise<FactoryAccount>;
  /** The same of somebody else's token, which is used for this one call and kept nowhere. */
  selfOf(token: string): Promise<FactoryAccount>;
  cancelWave(name: string): Promise<void>;
  completeWave(name: string): Promise<void>;
  rolloutWave(name: string, options: RolloutOptions): Promise<unknown>;
  /** Whether a root update is being applied right now; no Wave is delivered meanwhile. Left out where it cannot be asked. */
  rootUpdateApplying?(): Promise<boolean>;
}

/** One signature the signer made; `signedAt` is its journalled time, `YYYY-MM-DDTHH:MM:SSZ`. */
export interface SignerSignature {
  /** Index into the statement's `documents`. */
  readonly document: number;
  readonly keyid: string;
  readonly method: string;
  /** Standard base64. */
  readonly sig: string;
  readonly signedAt: string;
}

export interface SignResult {
  readonly signatures: readonly SignerSignature[];
  readonly journal: { readonly seq: number; readonly hash: string };
}

export interface Veto {
  /** The statement's text, the rejection's text and the armored SSH signature over the latter. */
  readonly statement: string;
  readonly rejection: string;
  readonly sshsig: string;
  /** The policy chain that the statement was made under; the signer's journal may not know its newest. */
  readonly policies?: readonly string[];
}

export interface PublishedTargets {
  readonly factory: string;
  readonly tag: string;
  readonly wave?: string;
  /** The published targets metadata, `{signatures, signed}`. */
  readonly metadata: string;
  /** Root chains from the Factory's first pinned root on, if the signer's journal may not know the newest. */
  readonly roots?: { readonly ci: readonly string[]; readonly production: readonly string[] };
}

/** Whole root chains from the Factory's first pinned root on. */
export interface PublishedRoots {
  readonly factory: string;
  readonly roots: { readonly ci: readonly string[]; readonly production: readonly string[] };
}

export interface WatermarkLevel {
  readonly version: number;
  /** Digest of the `signed` bytes. */
  readonly sha256: string;
}

export interface UnpublishedDocument extends WatermarkLevel {
  /** Digest of the statement that asked for it; null if nobody has its request. */
  readonly statement: string | null;
}

/** The two levels below which the signer refuses other bytes, for one document line of a Factory. */
export interface Watermark {
  readonly factory: string;
  readonly repository: string;
  readonly role: string;
  readonly tag: string | null;
  readonly issued: WatermarkLevel | null;
  readonly published: WatermarkLevel | null;
  /** Signed at the published version or above it and not published, in that order. */
  readonly unpublished: readonly UnpublishedDocument[];
}

/** A key in a token, as `GET /v1/keys` of the signer tells it. */
export interface SignerKey {
  readonly keyid: string;
  readonly keytype: string;
  readonly role: string;
  readonly factory?: string;
  readonly token: { readonly label: string; readonly serial: string };
  readonly public: Key;
  readonly ckaId: string;
  readonly attributes: Readonly<Record<string, boolean | null>>;
  readonly state: string;
  /** By the published roots: `standby` waits for a root update, `in-root`, `retired`. */
  readonly use?: string;
}

/** A key as a root update's statement names it, with its proof of possession. */
export interface ProvedKey {
  readonly key: Omit<StatementKey, 'proof'>;
  readonly proof: StatementKey['proof'];
}

/** How far the signer is with the signatures of a statement. */
export interface SignerProgress {
  readonly wanted: number;
  readonly made: number;
}

export interface SignerStatus {
  readonly initialised: boolean;
  /** Digest of policy version 1, or null before `signer init`. */
  readonly service: string | null;
  readonly policy: { readonly version: number; readonly sha256: string } | null;
  readonly factories: readonly string[];
  readonly tokens: readonly {
    readonly label: string;
    readonly serial: string | null;
    /** `ready` when its keys can sign; other words say why not. */
    readonly state: string;
    /** For which its keys sign; a token for root alone may be absent until a ceremony. */
    readonly roles?: readonly string[];
    readonly workers: readonly { readonly pid: number | null; readonly state: string; readonly restarts: number }[];
  }[];
  readonly watermarks: readonly Watermark[];
  readonly frozen: readonly { readonly factory: string; readonly role: string; readonly tag?: string | null }[];
  readonly journal: {
    readonly seq: number;
    readonly hash: string;
    readonly at: string;
    /** After a write that failed nothing is signed; `failure` says why and what to do. */
    readonly failed?: boolean;
    readonly failure?: string;
    /** The journal does not hold the receipt that was shown. */
    readonly incomplete?: boolean;
  } | null;
  readonly clockOk: boolean;
  /** What the signer's clock says. */
  readonly clock?: string;
}

/** What the signer answered with signatures: by it the signer finds out whether its journal is the one that wrote it. */
export interface Receipt {
  /** Digest of the statement. */
  readonly statement: string;
  readonly seq: number;
  readonly hash: string;
}

/** Whether a token really signs, as a canary signature of the last seconds shows. */
export interface CanaryState {
  readonly label: string;
  /** `none`: there is no canary key, so nothing is known. `pending`: nothing yet. */
  readonly state: 'ok' | 'failed' | 'pending' | 'none';
  readonly code?: ErrorCode;
  readonly message?: string;
}

export type DossierLines = AsyncIterable<string> | Iterable<string>;

/** The signer over its socket. Throws the signer's own codes, SIGNER_UNAVAILABLE when it cannot be reached. */
export interface SignerPort {
  /**
   * @param lines not read if the abridged ones are enough
   * @param receipt the newest that the store holds. @throws JOURNAL_INCOMPLETE the signer's journal does not know it
   * @param abridged the same dossier without the targets that a root update builds on, for a signer that has verified it before
   */
  sign(lines: DossierLines, receipt?: Receipt | null, abridged?: DossierLines): Promise<SignResult>;
  /** Verifies a dossier ahead of time and decides nothing. Left out where that saves nothing. */
  verify?(lines: DossierLines, abridged?: DossierLines): Promise<unknown>;
  veto(veto: Veto): Promise<{ readonly person: string }>;
  published(published: PublishedTargets): Promise<{ readonly watermark: WatermarkLevel }>;
  /** Shows it new roots that are published; it verifies them. */
  publishedRoots(published: PublishedRoots): Promise<unknown>;
  /** Has a standby key prove that it can sign, for its role in that Factory. @throws KEY_NOT_FOUND, TOKEN_UNAVAILABLE */
  prove(wanted: { readonly factory: string; readonly keyid: string }): Promise<ProvedKey>;
  progress(statementSha256: string): Promise<SignerProgress>;
  /**
   * Has it remember keys that no root may ever name. Known ones stay as they are.
   *
   * @throws REQUEST_KEY_REFUSED one is a key of a token or of a root
   */
  registerRequestKeys(registered: { readonly factory: string; readonly keys: readonly Key[] }): Promise<unknown>;
  status(receipt?: Receipt | null): Promise<SignerStatus>;
  canary(): Promise<{ readonly tokens: readonly CanaryState[] }>;
  keys(): Promise<{ readonly keys: readonly SignerKey[] }>;
  /** The journal's lines from the decision to sign a statement to its last signature. @throws NOT_FOUND */
  journal(statementSha256: string): Promise<{ readonly lines: readonly JournalLine[] }>;
}
