import type { ErrorCode } from '../errors.js';
import type { EventStore, NewEvent } from './event-port.js';
import type { RequestKeyStore } from './request-key-port.js';
import type { GatewayDraftStore } from './gateway-draft-port.js';

/**
 * What a request's life is kept in. Every method is one transaction: state, what belongs to it and the event
 * that tells of it are stored together or not at all. Times are ISO 8601 texts in UTC, digests lower-case hex.
 */

export const REQUEST_STATES = ['preparing', 'open', 'signed', 'delivered', 'closed', 'abandoned'] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

export const CLOSED_BECAUSE = ['rejected', 'cancelled', 'expired', 'superseded', 'conflict'] as const;
export type ClosedBecause = (typeof CLOSED_BECAUSE)[number];

export type RequestKind = 'wave' | 'root' | 'bundle' | 'policy';

/** Who asked; as in the statement, and by which kind of caller. */
export interface Requester {
  readonly name: string;
  readonly kind: 'person' | 'ci';
  readonly via: 'ci' | 'token' | 'login' | 'fioctl';
  /** Id of the request key that it was asked with; null for those who asked in another way than fioctl's. */
  readonly requestKey: string | null;
}

export interface LastError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly at: string;
}

/** Digests of the blobs that the dossier of a request is made of. */
export interface RequestMaterial {
  readonly policyVersion: number;
  readonly rootsCi: readonly string[];
  readonly rootsProduction: readonly string[];
  readonly ciTargets: string;
  /** A Wave's: those of its tag, or none. A bundle's: the targets beside it. A root update's: all there are, ascending by tag. */
  readonly productionTargets: readonly string[];
  /** Of active Waves, ascending by Wave; a root update's only. */
  readonly waveTargets: readonly string[];
  /** The canonical `signed` bytes to sign, in the statement's order; of a root update the two roots alone. */
  readonly documents: readonly string[];
  /** The file that a bundle came in, with the signatures that it had then; null for other kinds. */
  readonly bundle: string | null;
}

/** What a root update is besides its statement. Its transaction's secret is read by `rootUpdates.transaction` alone. */
export interface StoredRootUpdate {
  /** Canonical text of what was asked for, to ask for it again. */
  readonly submission: string;
  readonly submissionSha256: string;
  /** Whether the Factory's transaction still has to be ended. */
  readonly transaction: 'open' | 'ended';
  /** Whether this service began it. */
  readonly own: boolean;
  /** When the Factory was first asked to apply the roots: from then on it may have done so. */
  readonly applySent: string | null;
  /** The request in whose place this one is, and the one in the place of this. */
  readonly rebuiltFrom: string | null;
  readonly rebuiltAs: string | null;
  /** Whether another is still to be made in its place. */
  readonly rebuildWanted: boolean;
  /** Digests of the blobs that hold journals of other signers, in the order in which they were handed in. */
  readonly journals: readonly string[];
  /** Digests of the published roots' blobs, once they were fetched and verified. */
  readonly published: { readonly ci: string; readonly production: string } | null;
}

export interface StoredRequest {
  readonly id: string;
  readonly factory: string;
  readonly kind: RequestKind;
  readonly state: RequestState;
  readonly closedBecause: ClosedBecause | null;
  /** Of kind `root`; null for others. */
  readonly root: StoredRootUpdate | null;
  /** Null for kinds that have none. */
  readonly wave: { readonly name: string; readonly tag: string; readonly version: number } | null;
  /** Null for what is no bundle. */
  readonly bundleTag: string | null;
  readonly requester: Requester;
  readonly reason: string;
  readonly created: string;
  readonly expires: string;
  readonly statement: string;
  readonly statementSha256: string;
  readonly material: RequestMaterial;
  readonly lastError: LastError | null;
  /** How often the step that is due failed in a row, and when it may be tried again. */
  readonly attempts: number;
  readonly nextAttempt: string | null;
  /** Digest of the published metadata's blob, once it was fetched and verified. */
  readonly published: string | null;
  /** When the signer was told that the document is published. */
  readonly signerTold: string | null;
  /** When it entered the state it is in. */
  readonly since: string;
}

export interface StoredApproval {
  readonly person: string;
  /** `SHA256:…` of the officer's key. */
  readonly fingerprint: string;
  readonly sshsig: string;
  readonly at: string;
}

export interface StoredRejection extends StoredApproval {
  /** The rejection's text: the bytes that were signed. */
  readonly rejection: string;
  readonly reason: string;
  /** When the signer confirmed the veto; null while it has not. */
  readonly vetoed: string | null;
  /** The code with which the signer refused it for good; it is not sent again then. */
  readonly vetoRefused: string | null;
}

export interface StoredSignature {
  readonly document: number;
  readonly keyid: string;
  readonly method: string;
  readonly sig: string;
  readonly signedAt: string;
}

/** A signature over a new root by a key that stands in no token; verified when it came. */
export interface StoredExternalSignature {
  /** 0: the CI root, 1: the production root. */
  readonly document: 0 | 1;
  readonly keyid: string;
  readonly method: string;
  readonly sig: string;
}

/** What one of the signers of a root update has signed. */
export interface SignedPart {
  readonly signatures: readonly StoredSignature[];
  /** How many signatures there are to be in all. */
  readonly wanted: number;
  /** Lines of the journal of another signer, stored as a blob. */
  readonly journal: Buffer | null;
  readonly at: string;
}

export interface RequestFilter {
  readonly state?: RequestState;
  readonly factory?: string;
  /** Waves and bundles of it. */
  readonly tag?: string;
  /** Open requests that this person has neither asked for nor approved. */
  readonly waitingFor?: string;
  readonly limit: number;
  /** Answered as `next` by the page before. */
  readonly cursor?: string;
}

export type NewRequest = Omit<
  StoredRequest,
  'state' | 'closedBecause' | 'lastError' | 'attempts' | 'nextAttempt' | 'published' | 'signerTold' | 'since' | 'root'
>;

export interface IdempotencyKey {
  readonly key: string;
  /** `ci:name` or `person:name`: a key belongs to who sent it. */
  readonly caller: string;
  /** Digest of the submission as it was sent. */
  readonly requestSha256: string;
}

/** `exists`: another request holds the tag, the Factory's root or the claim, and nothing was stored. */
export type InsertOutcome =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'exists'; readonly id: string }
  | { readonly outcome: 'idempotency-conflict'; readonly id: string }
  | { readonly outcome: 'idempotent'; readonly id: string };

/** A move from one state to another; it happens only if the request still is in one of `from`. */
export interface Transition {
  readonly from: readonly RequestState[];
  readonly to: RequestState;
  readonly at: string;
  readonly closedBecause?: ClosedBecause;
  readonly lastError?: LastError | null;
  readonly signatures?: readonly StoredSignature[];
  /** Published metadata, stored as a blob. */
  readonly published?: Buffer;
  /** Of a root update: its published roots, stored as blobs; its transaction has ended with them. */
  readonly publishedRoots?: { readonly ci: Buffer; readonly production: Buffer };
  /** Of a root update: another is to be made in its place. */
  readonly rebuildWanted?: boolean;
}

export interface RequestStore {
  /** Stores a request in `preparing` with its blobs and the event, unless tag or claim is taken or the key was used. */
  insert(
    request: NewRequest,
    more: {
      blobs: readonly Buffer[];
      event: NewEvent;
      idempotency?: IdempotencyKey;
      /** What no other request of the Factory may be for that is neither closed nor abandoned. */
      claim?: string;
      /** Of a root update: `attempt` of its transaction, which nobody may have taken over. */
      attempt?: string;
    },
  ): Promise<InsertOutcome>;
  /** Remembers that a key's submission was answered with an existing request. */
  bindIdempotencyKey(key: IdempotencyKey, id: string, at: string): Promise<InsertOutcome>;
  findIdempotencyKey(key: string, caller: string): Promise<{ requestSha256: string; id: string } | null>;
  find(id: string): Promise<StoredRequest | null>;
  findState(id: string): Promise<RequestState | null>;
  list(filter: RequestFilter): Promise<{ items: StoredRequest[]; next: string | null }>;
  /** The request that holds the tag: preparing, open or signed. */
  findHolder(factory: string, tag: string): Promise<StoredRequest | null>;
  /** Preparing or open, asked for with one of these request keys. */
  listUnsignedBy(requestKeys: readonly string[]): Promise<StoredRequest[]>;
  /** Newest first, of any state. */
  findByWave(factory: string, tag: string, name: string, version: number): Promise<StoredRequest[]>;
  /** Requests for a bundle of these `signed` bytes, newest first, of any state. */
  findBundles(factory: string, sha256: string): Promise<StoredRequest[]>;
  /** Waves for the tag at this or a higher version, of any state, newest first. */
  listFromVersion(factory: string, tag: string, version: number): Promise<StoredRequest[]>;
  /**
   * Requests the runner has to look at at `now`, oldest first; the next page begins after the last id. Those set for a
   * time between `latest` and `never`, both exclusive, are among them: no right clock sets that.
   */
  listDue(
    times: { now: string; latest: string; never: string },
    page: { after: string; limit: number },
  ): Promise<StoredRequest[]>;
  /** Compare and set: false, and nothing stored, if the request has left `from` meanwhile. */
  transition(id: string, transition: Transition, events: readonly NewEvent[]): Promise<boolean>;
  /**
   * Records why the step that is due could not be done, null for no reason; only if the request still is in `state`.
   * `waiting`: nothing failed, so that the pauses do not grow.
   */
  recordFailure(
    id: string,
    failure: { state: RequestState; error: LastError | null; nextAttempt: string | null; waiting?: boolean },
  ): Promise<boolean>;
  /** `exists`: the person's approval is there already. `state`: the request is not open. */
  addApproval(id: string, approval: StoredApproval, event: NewEvent): Promise<'added' | 'exists' | 'state'>;
  /** Stores the rejection and closes the open request with it. */
  addRejection(
    id: string,
    rejection: Omit<StoredRejection, 'vetoed' | 'vetoRefused'>,
    events: readonly NewEvent[],
  ): Promise<'added' | 'exists' | 'state'>;
  markVetoed(id: string, person: string, at: string, event: NewEvent): Promise<boolean>;
  markVetoRefused(id: string, person: string, code: ErrorCode): Promise<void>;
  markSignerTold(id: string, at: string, event: NewEvent): Promise<boolean>;
  approvals(id: string): Promise<StoredApproval[]>;
  rejections(id: string): Promise<StoredRejection[]>;
  signatures(id: string): Promise<StoredSignature[]>;
  /** How many requests there are in each state, and since when the one is in it that has been there longest. */
  countByState(): Promise<{ factory: string; kind: string; state: string; count: number; oldest: string }[]>;
  countApprovals(): Promise<{ factory: string; count: number }[]>;
  /** Rejections that the signer has not confirmed yet. */
  listUnsentVetoes(limit: number): Promise<{ request: StoredRequest; rejection: StoredRejection }[]>;
}

/** The Factory's transaction of a root update, from before it is begun. */
export interface NewRootTransaction {
  /** The request's id, before there is a request. */
  readonly id: string;
  readonly factory: string;
  /** Names whoever works on it: another attempt may take it over. */
  readonly attempt: string;
  /** What the Factory is told that the update is for; it holds the id. */
  readonly message: string;
  readonly own: boolean;
  readonly submission: string;
  readonly submissionSha256: string;
  readonly rebuiltFrom: string | null;
  readonly at: string;
}

export interface RootTransaction extends NewRootTransaction {
  /** `beginning`: there is no request yet. */
  readonly state: 'beginning' | 'open' | 'ended';
  /** A secret: in no log, no answer, no error. */
  readonly txid: string;
  /** Random; what is said of the txid elsewhere is a digest of both. */
  readonly salt: string;
}

export interface RootUpdateStore {
  /** Reserves the Factory for a transaction: `null`, or the one that has it. */
  begin(transaction: NewRootTransaction): Promise<RootTransaction | null>;
  /** Gives one that is still beginning to another attempt. False if it is not any more, or was given to somebody else. */
  takeOver(id: string, from: string, to: { attempt: string; at: string }): Promise<boolean>;
  /** Keeps the secret of the one that was begun. False as above. */
  recordBegun(
    id: string,
    attempt: string,
    begun: { txid: string; salt: string; message: string },
    event: NewEvent,
  ): Promise<boolean>;
  transaction(id: string): Promise<RootTransaction | null>;
  /** Those that began before a time and came to nothing. */
  listForsaken(before: string): Promise<RootTransaction[]>;
  /** Null: the Factory says for sure that it changed nothing. */
  markApplySent(id: string, at: string | null): Promise<void>;
  /** The Factory has no such transaction any more. */
  end(id: string, event: NewEvent): Promise<void>;
  /** Another request stands in the place of this one; null: none will. */
  markRebuilt(id: string, as: string | null, event: NewEvent): Promise<boolean>;
  /** `state`: the request is not open. Signatures that are there already stay as they are. */
  addExternals(id: string, signatures: readonly StoredExternalSignature[], event: NewEvent): Promise<'added' | 'state'>;
  externals(id: string): Promise<StoredExternalSignature[]>;
  /**
   * Adds what one signer has signed, with its journal's lines if it is another than the service's own; with the last of the wanted
   * signatures the request is signed. `exists`: they are there already. `state`: the request is not open.
   *
   * @throws EXTERNAL_SIGNATURE_INVALID some of them are there already
   */
  addSignatures(id: string, part: SignedPart, event: NewEvent): Promise<'added' | 'signed' | 'exists' | 'state'>;
  /** Preparing, open or signed. */
  findHolder(factory: string): Promise<StoredRequest | null>;
  /** Of any state, newest first. */
  list(factory: string): Promise<StoredRequest[]>;
}

export interface BlobStore {
  /** @throws STORE_FAILED if it is missing or its bytes are not those of its digest */
  get(sha256: string): Promise<Buffer>;
}

export const SCOPES = ['read', 'request', 'decide'] as const;
/** `read` requests and events; `request` new ones and cancel one's own; `decide`: approve, reject, abandon. */
export type Scope = (typeof SCOPES)[number];

/** An API token; only the SHA-256 of its secret is kept. */
export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: 'person' | 'ci';
  /** The officer or requester it speaks for; null for CI. */
  readonly person: string | null;
  readonly scopes: readonly Scope[];
  readonly secretSha256: string;
  readonly created: string;
  readonly expires: string;
  readonly revoked: string | null;
  readonly lastUsed: string | null;
}

export interface TokenStore {
  /** @throws INPUT_INVALID if a token that is neither revoked nor expired has this name */
  create(token: Omit<TokenRecord, 'revoked' | 'lastUsed'>, event: NewEvent): Promise<void>;
  find(id: string): Promise<TokenRecord | null>;
  list(): Promise<TokenRecord[]>;
  /** False if there is no such token or it was revoked before. */
  revoke(id: string, at: string, event: NewEvent): Promise<boolean>;
  /** Kept to the minute, so that reading does not write each time. */
  touch(id: string, at: string): Promise<void>;
}

export interface SessionRecord {
  readonly id: string;
  readonly person: string;
  readonly fingerprint: string;
  readonly secretSha256: string;
  readonly created: string;
  readonly expires: string;
}

export interface SessionStore {
  create(session: SessionRecord, event: NewEvent): Promise<void>;
  find(id: string): Promise<SessionRecord | null>;
  end(id: string, event: NewEvent): Promise<boolean>;
}

/** A sign-in challenge that was given out; it can be used once. */
export interface ChallengeRecord {
  /** Digest of the challenge's text. */
  readonly sha256: string;
  readonly text: string;
  readonly person: string;
  readonly fingerprint: string;
  readonly created: string;
  readonly expires: string;
}

export interface ChallengeStore {
  create(challenge: ChallengeRecord): Promise<void>;
  /** Takes it away: the second caller gets null, as one who comes after `expires`. */
  consume(sha256: string, now: string): Promise<ChallengeRecord | null>;
}

export interface Store {
  readonly requests: RequestStore;
  readonly rootUpdates: RootUpdateStore;
  readonly blobs: BlobStore;
  readonly events: EventStore;
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly challenges: ChallengeStore;
  readonly requestKeys: RequestKeyStore;
  readonly gatewayDrafts: GatewayDraftStore;
  /** Proves that it can be read and written. @throws STORE_FAILED */
  check(): Promise<void>;
  /** Forgets what is past: challenges, sessions and idempotency keys whose time is over. */
  expire(now: string): Promise<void>;
  close(): Promise<void>;
}
