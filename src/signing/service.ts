import type { ErrorCode } from '../errors.js';
import type { BundleChange, RootSummary, WaveSummary } from '../factory/index.js';
import type { SignedPolicy } from '../policy/index.js';
import type { ExternalSignature, JournalLine, MissingSigners } from '../dossier/index.js';
import type { BundleDiff } from './bundle/bundle-diff.js';
import type { BundleSubmission } from './bundle/bundle-submission.js';
import type { SignerKey, SignerProgress } from './ports.js';
import type { EventType } from './event-port.js';
import type { RequestKey } from './request-key-port.js';
import type { RequestKeyRegistration } from './request-keys/registration.js';
import type { RootChains, RootTransactionView } from './root/show-roots.js';
import type { RootSubmission } from './root/root-submission.js';
import type { ClosedBecause, LastError, RequestFilter, RequestKind, RequestState, Scope } from './store-port.js';

/** Who calls. `name` is what stands in the statement as requester: the person, or the CI token's name. */
export interface Caller {
  readonly name: string;
  readonly kind: 'person' | 'ci';
  readonly via: 'ci' | 'token' | 'login' | 'fioctl';
  /** The person of the policy (or requester) whom the sign-in or token is bound to; null for CI. */
  readonly person: string | null;
  readonly scopes: readonly Scope[];
  /** Id of the request key that signed; `via` fioctl only. Once that is revoked, what it asked for is cancelled. */
  readonly requestKey?: string;
}

interface SubmissionCommon {
  readonly factory: string;
  readonly name: string;
  readonly tag: string;
  readonly reason: string;
  /** Everything is checked and nothing stored. */
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string;
}

/** "Wave NAME: version VERSION for tag TAG". */
export interface WaveIntention extends SubmissionCommon {
  readonly version: number;
  readonly prune?: readonly number[];
  readonly sourceTag?: string;
  /** `YYYY-MM-DDTHH:MM:SSZ`; 365 days from now if left out (less where the policy allows less). */
  readonly expires?: string;
}

/** The unsigned targets metadata itself; `signatures` may be there and is not looked at. */
export interface WaveDocument extends SubmissionCommon {
  readonly targets: Buffer;
}

export type WaveSubmission = WaveIntention | WaveDocument;

/** Derived from state and approvals, never stored. */
export type Progress = 'preparing' | 'waiting-for-approvals' | 'signing' | 'delivering' | 'done';

/** What a key in a token has yet to sign. */
export interface MissingSignatures {
  readonly keyid: string;
  readonly role: 'root' | 'targets';
  /** Label of its token; null if no root update of this service brought the key in. */
  readonly token: string | null;
  /** How many documents. */
  readonly documents: number;
}

/** What a request of kind `root` is shown with besides. */
export interface RequestRoot {
  /** Of the new roots. */
  readonly version: number;
  /** In one line. */
  readonly summary: string;
  /** How many targets documents are signed again. */
  readonly reSigned: number;
  /** What it lacks that no token makes. */
  readonly missingSigners: readonly MissingSigners[];
  /** Keys in tokens that have yet to sign, once it is approved, and what is known of where they are. */
  readonly missingSignatures: readonly MissingSignatures[];
  /** Keys that have signed from outside of the tokens. */
  readonly externals: readonly { readonly document: number; readonly keyid: string }[];
  /** The request in whose place this one is, and the one in the place of this. */
  readonly rebuiltFrom: string | null;
  readonly rebuiltAs: string | null;
  /** How far the signer is, while it is at it. */
  readonly progress?: SignerProgress;
}

export interface RequestView {
  readonly id: string;
  readonly factory: string;
  readonly kind: RequestKind;
  readonly state: RequestState;
  readonly closedBecause?: ClosedBecause;
  readonly progress: Progress;
  readonly wave: { readonly name: string; readonly tag: string; readonly version: number } | null;
  readonly root: RequestRoot | null;
  /** Of kind `bundle`. */
  readonly bundle: Omit<BundleChange, 'op'> | null;
  readonly requester: { readonly name: string; readonly kind: 'person' | 'ci'; readonly via: Caller['via'] };
  readonly reason: string;
  readonly created: string;
  readonly expires: string;
  readonly statementSha256: string;
  readonly shortCode: string;
  readonly quorum: {
    readonly needed: number;
    readonly persons: readonly string[];
    readonly missing: number;
    readonly singleOfficer: boolean;
  };
  readonly approvals: readonly { readonly person: string; readonly fingerprint: string; readonly at: string }[];
  readonly rejections: readonly {
    readonly person: string;
    readonly reason: string;
    readonly at: string;
    /** Whether the signer has confirmed the veto. */
    readonly vetoed: boolean;
  }[];
  readonly documents: readonly {
    readonly sha256: string;
    readonly length: number;
    readonly version: number;
    readonly expires: string;
  }[];
  readonly signatures: readonly { readonly keyid: string; readonly method: string; readonly signedAt: string }[];
  readonly lastError?: LastError;
}

export interface SubmitResult {
  readonly request: RequestView;
  /** False when the same submission was made before (its request is answered) and for a dry run. */
  readonly created: boolean;
  /** For a dry run: what would be signed. */
  readonly preview?: RequestDiff;
}

export interface RequestDiff {
  readonly summary: WaveSummary | RootSummary | BundleDiff['summary'];
  /** Plain text for a terminal. */
  readonly text: string;
}

export interface EventView {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly type: EventType;
  readonly request: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly prev: string;
  readonly hash: string;
}

export interface ReadinessCheck {
  readonly name: 'store' | 'signer' | 'token' | 'canary' | 'factory' | 'gateway';
  /** Which one: the token's label, the Factory's name. */
  readonly subject?: string;
  readonly ok: boolean;
  readonly code?: ErrorCode;
  readonly message?: string;
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

/** A request's life. All methods throw CountersignError; REQUEST_NOT_FOUND for an id that is not there. */
export interface SigningService {
  /** @throws whatever `verifyDossier` would refuse it for; REQUEST_OPEN_EXISTS, IDEMPOTENCY_CONFLICT, FACTORY_…, SIGNER_UNAVAILABLE */
  submitWave(submission: WaveSubmission, caller: Caller): Promise<SubmitResult>;
  /**
   * @throws as submitWave; ROOT_…, ROOT_UPDATE_ACTIVE (somebody else's is under way), STANDBY_KEY_MISSING
   */
  submitRootUpdate(submission: RootSubmission, caller: Caller): Promise<SubmitResult>;
  /** @throws as submitWave; BUNDLE_…, NOT_CANONICAL, STALE_BASE (its folder lacks the newest root) */
  submitBundle(submission: BundleSubmission, caller: Caller): Promise<SubmitResult>;
  /** @throws FORBIDDEN, REQUEST_STATE, KIND_NOT_ALLOWED, SIGN_KEY_NOT_IN_ROLE, EXTERNAL_SIGNATURE_INVALID */
  addExternals(id: string, signatures: readonly ExternalSignature[], caller: Caller): Promise<RequestView>;
  /**
   * Takes in what another signer has signed, by the lines of its journal. Once all signatures are there the request goes on.
   *
   * @throws FORBIDDEN, REQUEST_STATE, KIND_NOT_ALLOWED, QUORUM_NOT_MET, EVIDENCE_INVALID, SIGN_KEY_NOT_IN_ROLE,
   *   EXTERNAL_SIGNATURE_INVALID
   */
  importSignatures(id: string, journal: readonly JournalLine[], caller: Caller): Promise<RequestView>;
  /** All published roots of a Factory, verified. @throws FACTORY_…, FACTORY_NOT_IN_POLICY, ROOT_NOT_TRUSTED, … */
  roots(factory: string): Promise<RootChains>;
  /** The root update that is under way at the Factory. @throws FACTORY_…, FACTORY_NOT_IN_POLICY */
  rootTransaction(factory: string): Promise<RootTransactionView>;
  get(id: string): Promise<RequestView>;
  /** What this caller asked for under an Idempotency-Key, as long as that is remembered. */
  findAsked(idempotencyKey: string, caller: Pick<Caller, 'kind' | 'name'>): Promise<RequestView | null>;
  list(filter: RequestFilter): Promise<{ items: RequestView[]; next: string | null }>;
  /** The statement's exact text: the bytes an officer signs. Read by a person, that is an event. */
  statement(id: string, reader?: Caller): Promise<string>;
  /** The dossier's lines, with signatures and published metadata once there. Read by a person, that is an event. */
  dossier(id: string, reader?: Caller): AsyncIterable<string>;
  /**
   * The dossier of a signed request together with the lines of the signer's journal about it: what an auditor keeps.
   * Read by a person, that is an event.
   *
   * @throws REQUEST_STATE nothing is signed; SIGNER_UNAVAILABLE
   */
  evidence(id: string, reader?: Caller): AsyncIterable<string>;
  diff(id: string): Promise<RequestDiff>;
  /** The signed metadata `{signatures, signed}` (as published once it is), or null before signing. */
  signed(id: string): Promise<Buffer | null>;
  /** @throws APPROVAL_NOT_COUNTED, FORBIDDEN, OFFICER_UNKNOWN, REQUEST_STATE, SSHSIG_… */
  approve(id: string, approval: { sshsig: string }, caller: Caller): Promise<RequestView>;
  reject(id: string, rejection: { rejection: string; sshsig: string }, caller: Caller): Promise<RequestView>;
  /** Before signing: by the requester or an officer. After it: by an officer, as long as it is not delivered. */
  cancel(id: string, caller: Caller, reason?: string): Promise<RequestView>;
  /** Resolves when the request has come to its end, or at `until`, or when `signal` aborts; with what it is then. */
  waitFor(id: string, until: Date, signal?: AbortSignal): Promise<RequestView>;
  /** The same until there is something to be read, which is before it is delivered; answered as by `signed`. */
  waitForSigned(id: string, until: Date, signal?: AbortSignal): Promise<Buffer | null>;
  keys(): Promise<readonly SignerKey[]>;
  /**
   * Registers the keys of whoever calls, for the account in the Factory that `factoryToken` belongs to.
   *
   * @param factoryToken that account's own; asked once who it is, and kept nowhere
   * @throws FORBIDDEN (for somebody else), REQUEST_KEY_EXISTS, REQUEST_KEY_REFUSED, KEY_PROOF_INVALID, FACTORY_…, SIGNER_UNAVAILABLE
   */
  registerRequestKeys(
    registration: RequestKeyRegistration,
    factoryToken: string,
    caller: Caller,
  ): Promise<readonly RequestKey[]>;
  /** All there ever were, revoked ones too. */
  requestKeys(factory?: string): Promise<readonly RequestKey[]>;
  /** Those in use of an account in a Factory. */
  activeRequestKeys(factory: string, polisId: string): Promise<readonly RequestKey[]>;
  /**
   * Revokes a set for good and cancels what was asked for with it and is not signed.
   *
   * @param id of the set, or of a key in it
   * @throws REQUEST_KEY_NOT_FOUND, FORBIDDEN (neither its owner nor an officer)
   */
  revokeRequestKeys(id: string, caller: Caller): Promise<readonly RequestKey[]>;
  policy(): SignedPolicy;
  events(page: { after?: number; limit?: number }): Promise<{ items: EventView[]; next: number | null }>;
  verifyEvents(): Promise<{ count: number; hash: string }>;
  readiness(): Promise<ReadinessReport>;
  /** Begins to sign, deliver and expire by itself, resuming whatever a stop or crash left. */
  start(): void;
  /** Ends that; resolves when the step under way has ended. */
  stop(): Promise<void>;
  /** One pass over everything that is due now: what `start` does again and again. */
  reconcile(): Promise<void>;
}
