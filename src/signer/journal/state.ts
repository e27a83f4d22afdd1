import type { Repository } from '../../factory/index.js';
import type { SignedPolicy } from '../../policy/index.js';
import type { RootMetadata } from '../../tuf/index.js';
import type { JournalEntryOf, JournalHead } from './entry.js';

/** A version of a document and the digest of its `signed` bytes. */
export interface VersionDigest {
  readonly version: number;
  readonly sha256: string;
}

/** A document that this signer set out to sign. */
export interface IssuedDocument extends VersionDigest {
  /** Digest of the statement that asked for it; null for one that was adopted, whose request nobody has. */
  readonly statement: string | null;
}

/** One line of documents of which a higher version replaces a lower one: the root of a repository, the targets of a tag. */
export interface DocumentLine {
  readonly factory: string;
  readonly repository: Repository;
  readonly role: 'root' | 'targets';
  readonly tag: string | null;
}

/** What was signed and published on a line, which limits what may be signed there next. */
export interface Watermark {
  readonly line: DocumentLine;
  /**
   * The highest that is known to be in force upstream, an active Wave included: other bytes at or below it are never signed. Of a root
   * the newest of its chain.
   */
  readonly published: VersionDigest | null;
  /** The highest production targets that an approved statement built on; nothing is built on older ones any more. */
  readonly base: VersionDigest | null;
  /** Everything new that this signer set out to sign, in that order; not what a root update signs again as it is. */
  readonly issued: readonly IssuedDocument[];
}

/** A signature that stands in the journal, and the line that it stands in. */
export interface MadeSignature {
  /** Index into the statement's documents. */
  readonly document: number;
  readonly keyid: string;
  readonly method: string;
  /** Standard base64. */
  readonly sig: string;
  readonly seq: number;
  readonly hash: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly at: string;
}

/** A decision to sign: once it stands in the journal, these bytes will be signed unless somebody vetoes them first. */
export interface Intent {
  /** With all of its documents, also those that stand in lines of their own. */
  readonly entry: JournalEntryOf<'intent'>;
  /** The first of its lines: its own, unless parts stand before it. */
  readonly firstSeq: number;
  /** By `signatureName`. */
  readonly signatures: ReadonlyMap<string, MadeSignature>;
  /** Where it comes from if another journal wrote it: `entry` and `signatures` have this one's place then. */
  readonly recovered: JournalEntryOf<'recovered'> | null;
}

/** What officers approved when the journal had been lost or was an older one. */
export interface AppliedRecovery {
  readonly seq: number;
  readonly at: string;
  readonly reason: string;
  readonly persons: readonly string[];
}

/** What the signer knows: the fold of its journal, and nothing else. */
export interface SignerState {
  readonly head: JournalHead;
  /** Digest of policy version 1. */
  readonly service: string;
  /** Factory name → digest of its first trusted root. */
  readonly firstRoots: ReadonlyMap<string, string>;
  /** Ascending from version 1; the last is in force. */
  readonly policies: readonly SignedPolicy[];
  readonly keys: ReadonlyMap<string, JournalEntryOf<'key'>>;
  /** By the statement's digest. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** Request id → digest of the statement that was decided under it. */
  readonly requests: ReadonlyMap<string, string>;
  /** By the statement's digest, in the order in which they came. */
  readonly vetoes: ReadonlyMap<string, readonly JournalEntryOf<'veto'>[]>;
  /** Keys that were destroyed, or are about to be. */
  readonly destroyed: ReadonlyMap<string, JournalEntryOf<'destroy'>>;
  /** By the digest of their public value. */
  readonly requestKeys: ReadonlyMap<string, JournalEntryOf<'request-key'>>;
  readonly watermarks: Iterable<Watermark>;
  readonly frozen: Iterable<JournalEntryOf<'freeze'>>;
  /** Ascending. */
  readonly recoveries: readonly AppliedRecovery[];

  /** The root chain that was verified so far, ascending; empty before the first dossier. */
  rootsOf(factory: string, repository: Repository): readonly RootMetadata[];
  watermarkOf(line: DocumentLine): Watermark | null;
  freezeOf(factory: string, role: 'root' | 'targets'): JournalEntryOf<'freeze'> | null;
  /** Whether an intent of this journal covers that document and that key. */
  knowsDocument(keyid: string, sha256: string): boolean;
}

/** Which of an intent's signatures one is. */
export function signatureName(document: number, keyid: string): string {
  return `${document} ${keyid}`;
}

/** How many signatures an intent asks for. */
export function wantedSignatures({ entry }: Intent): number {
  return entry.documents.reduce((sum, { sign }) => sum + sign.length, 0);
}

/** Whether every signature that the intent asks for is in the journal. */
export function isComplete(intent: Intent): boolean {
  return intent.entry.documents.every((document) =>
    document.sign.every(({ keyid }) => intent.signatures.has(signatureName(document.index, keyid))),
  );
}
