import type { SignedPolicy } from '../policy/index.js';
import type { BundleSummary, Repository, RootSigners, RootSummary, WaveSummary } from '../factory/index.js';
import type { OfflineBundleMetadata, Root, RootMetadata, TargetsMetadata, ThresholdResult } from '../tuf/index.js';
import type { BundleStatement, BundleStatementDocument } from './bundle-statement.js';
import type { ExternalLine, JournalLine, SignatureLine } from './dossier-line.js';
import type { RootStatement, RootStatementDocument } from './root-statement.js';
import type { WaveStatement, WaveStatementDocument } from './wave-statement.js';

/** Why an approval or a rejection does not count. */
export type NotCounted =
  | 'malformed' // no SSH signature
  | 'other-namespace' // made for another purpose
  | 'mismatch' // over other bytes, so also: of another statement
  | 'no-touch' // a FIDO key that nobody touched
  | 'unknown-key' // of no officer of the policy in force
  | 'requester' // nobody approves what they asked for
  | 'duplicate-person' // persons are counted, not keys
  | 'other-statement'; // a rejection that names another statement

export interface CheckedApproval {
  /** The officer; null unless the signature verified with a key of the policy. */
  readonly person: string | null;
  /** Of the key in the signature; empty if there is none to be read. */
  readonly fingerprint: string;
  readonly algorithm: string;
  readonly counted: boolean;
  readonly why?: NotCounted;
}

export interface CheckedRejection {
  readonly person: string;
  readonly fingerprint: string;
  readonly reason: string;
}

export interface IgnoredRejection {
  readonly fingerprint: string;
  readonly why: NotCounted;
}

export interface Quorum {
  readonly needed: number;
  /** Who counts, in the order of the approvals. */
  readonly persons: readonly string[];
  readonly missing: number;
  readonly singleOfficer: boolean;
}

export type DossierSignature = Omit<SignatureLine, 'type'>;
export type ExternalSignature = Omit<ExternalLine, 'type'>;

/** What the signer's journal says about how the signatures came about: its claim, in one hash chain. */
export interface CheckedJournal {
  /** `at`: when the signer decided, `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly intent: { readonly seq: number; readonly hash: string; readonly at: string; readonly persons: string[] };
  /** In the order in which they were written, each after the intent. */
  readonly signatures: readonly { readonly seq: number; readonly keyid: string; readonly at: string }[];
  /** Hash of the last signature's line, by which the journal itself can be asked for the rest. */
  readonly head: { readonly seq: number; readonly hash: string };
  /** How many lines in between are about something else; of them the evidence has the hashes alone. */
  readonly others: number;
}

/** One signer's journal about a statement: what it says, and its lines as they stand in the dossier. */
export interface WrittenJournal {
  readonly journal: CheckedJournal;
  readonly lines: readonly JournalLine[];
}

/** By which time expiry is judged: the verifier's clock, what the signer says about when it signed, or the statement's creation. */
export type JudgedBy = 'clock' | 'signer-claim' | 'creation';

/** What is known of a dossier of any kind once it is verified. */
interface VerifiedParts {
  /** Its UTF-8 bytes are what approvals sign. */
  readonly statementText: string;
  readonly statementSha256: string;
  /** The last of the chain in the dossier. Whether there is a newer one, the verifier has to know. */
  readonly policy: SignedPolicy;
  /** All policies, version 1 first. */
  readonly policies: readonly SignedPolicy[];
  /** The last roots of the chains in the dossier. Whether there are newer ones, the verifier has to know. */
  readonly roots: Readonly<Record<Repository, RootMetadata>>;
  /** Whole chains, the pinned root first. */
  readonly rootChains: Readonly<Record<Repository, readonly RootMetadata[]>>;
  /** All of them, counted or not. */
  readonly approvals: readonly CheckedApproval[];
  /** Only valid ones: each is final. */
  readonly rejections: readonly CheckedRejection[];
  readonly ignoredRejections: readonly IgnoredRejection[];
  readonly quorum: Quorum;
  /** Each verified with the key of the root that names it. */
  readonly signatures: readonly DossierSignature[];
  /** The time that expiry was judged at, */
  readonly judgedAt: Date;
  /** and where it comes from. */
  readonly judgedBy: JudgedBy;
  /** The signers' journals, when the dossier holds their lines: so it does as evidence. */
  readonly journals: readonly WrittenJournal[];
  /** The first of them; mostly there is but one signer. */
  readonly journal?: CheckedJournal;
}

export interface VerifiedWaveDossier extends VerifiedParts {
  readonly kind: 'wave';
  readonly statement: WaveStatement;
  readonly base: { readonly ciTargets: TargetsMetadata; readonly productionTargets: TargetsMetadata | null };
  readonly documents: readonly { readonly entry: WaveStatementDocument; readonly bytes: Buffer }[];
  readonly wave: { readonly name: string; readonly tag: string; readonly version: number };
  readonly summary: WaveSummary;
  /** What the Factory published, when the dossier holds it: verified as a device would. */
  readonly published?: { readonly targets: TargetsMetadata; readonly threshold: ThresholdResult };
}

/** A targets document that a root update builds on; its bytes stand under `documents` if it is signed again. */
export interface BaseDocument {
  readonly tag: string;
  /** Null for the tag's production targets. */
  readonly wave: string | null;
  readonly version: number;
  readonly sha256: string;
  /** Keyids of the production root in force that have validly signed it. */
  readonly signedBy: readonly string[];
}

/** Signatures that a new root lacks and that no token makes: external ones. */
export interface MissingSigners {
  /** 0: the CI root, 1: the production root. */
  readonly document: 0 | 1;
  readonly missing: number;
  /** Keys of the root in force that go, and have not signed. */
  readonly keyids: readonly string[];
}

export interface VerifiedRootDossier extends VerifiedParts {
  readonly kind: 'root';
  readonly statement: RootStatement;
  readonly base: {
    readonly ciTargets: TargetsMetadata;
    /** Every production targets document, ascending by tag; then those of active Waves, ascending by Wave. */
    readonly documents: readonly BaseDocument[];
  };
  /** The CI root, the production root, and what is signed again: as in the statement. */
  readonly documents: readonly { readonly entry: RootStatementDocument; readonly bytes: Buffer }[];
  /** The new roots, as `documents` 0 and 1 hold them. */
  readonly next: Readonly<Record<Repository, Root>>;
  /** Of the Factory's own key in the targets role, in the roots in force and in the new ones. */
  readonly onlineTargetsKeyids: { readonly before: string; readonly after: string };
  /** Who has to sign each new root. `keyids`: who is to, first in tokens, then from outside. */
  readonly signers: RootSigners;
  readonly summary: RootSummary;
  /** Each verified with the key of the root in force. */
  readonly externals: readonly ExternalSignature[];
  /** Empty once the new roots will be valid: nothing is to be signed before. */
  readonly missingSigners: readonly MissingSigners[];
  /** What the Factory published, when the dossier holds it: verified as a device would, from the roots in force. */
  readonly published?: { readonly roots: Readonly<Record<Repository, RootMetadata>> };
}

export interface VerifiedBundleDossier extends VerifiedParts {
  readonly kind: 'bundle';
  readonly statement: BundleStatement;
  readonly base: {
    readonly ciTargets: TargetsMetadata;
    /** Those beside the bundle: production targets of its tag, or a Wave's, which need not be the newest. */
    readonly targets: TargetsMetadata;
  };
  readonly documents: readonly { readonly entry: BundleStatementDocument; readonly bytes: Buffer }[];
  /** As it came: each of its signatures is verified, one is the Factory's own. */
  readonly bundle: OfflineBundleMetadata;
  readonly summary: BundleSummary;
}

export type VerifiedDossier = VerifiedWaveDossier | VerifiedRootDossier | VerifiedBundleDossier;
