import { z } from 'zod';
import { sha256Schema, timeSchema } from '../../approval/index.js';

const version = z.int().min(1);
const name = z.string().min(1).max(256);
const repository = z.enum(['ci', 'production']);
const role = z.enum(['root', 'targets']);

const initBody = z.strictObject({
  type: z.literal('init'),
  format: z.literal(1),
  /** Digest of policy version 1: the service that this signer signs for. */
  service: sha256Schema,
  /** Factory name → digest of its first trusted root. */
  roots: z.record(name, sha256Schema),
});

const policyBody = z.strictObject({ type: z.literal('policy'), version, sha256: sha256Schema, text: z.string() });

const rootBody = z.strictObject({
  type: z.literal('root'),
  factory: name,
  repository,
  version,
  sha256: sha256Schema,
  /** `{signatures, signed}`, canonical. */
  text: z.string(),
});

const keyBody = z.strictObject({
  type: z.literal('key'),
  keyid: name,
  keytype: z.enum(['RSA', 'ED25519']),
  role,
  factory: name,
  token: z.strictObject({ label: z.string(), serial: z.string() }),
  /** The TUF key object as canonical text. */
  public: z.string(),
});

/** More documents, and more signatures of a root update, than these stand in further lines. */
export const MAX_PER_LINE = 500;

const documentToSign = z.strictObject({
  index: z.int().min(0),
  repository,
  role,
  tag: name.nullable(),
  version,
  sha256: sha256Schema,
  length: z.int().min(0),
  /** `keyid` as the root names the key, `key` as the token's key is named here; they are nearly always the same. */
  sign: z.array(z.strictObject({ keyid: name, key: name })).min(1),
});

/** A decision to sign. */
const decision = {
  factory: name,
  kind: name,
  id: name,
  /** Digest of the statement's text. */
  statement: sha256Schema,
  policy: version,
  /** The officers whose approvals counted. */
  persons: z.array(name),
  documents: z.array(documentToSign).min(1),
  /** Of a root update: the keys of this signer that the new roots name, as they are named here. */
  keys: z.array(name).exactOptional(),
};

const signature = {
  document: z.int().min(0),
  keyid: name,
  method: name,
  /** Standard base64. */
  sig: z.string().min(1),
};

/** `parts`: how many lines right before this one hold the documents that come after those in it. */
const intentBody = z.strictObject({ type: z.literal('intent'), ...decision, parts: z.int().min(1).exactOptional() });

/** Decides nothing by itself: a crash may have come before its intent. */
const intentPartBody = z.strictObject({
  type: z.literal('intent-part'),
  statement: sha256Schema,
  /** From 0. */
  part: z.int().min(0),
  documents: z.array(documentToSign).min(1).max(MAX_PER_LINE),
});

const signatureBody = z.strictObject({ type: z.literal('signature'), statement: sha256Schema, ...signature });

/** Some of a root update's signatures, in the order in which they were made. */
const signaturesBody = z.strictObject({
  type: z.literal('signatures'),
  statement: sha256Schema,
  signatures: z.array(z.strictObject(signature)).min(1).max(MAX_PER_LINE),
});

const vetoBody = z.strictObject({
  type: z.literal('veto'),
  factory: name,
  id: name,
  statement: sha256Schema,
  person: name,
  /** The text that the officer signed. */
  rejection: z.string(),
  /** The officer's armored signature over it; null if the rejection stood in a dossier, which holds it. */
  sshsig: z.string().nullable(),
  /** Whether signatures had left already: the veto came too late for them. */
  signed: z.boolean(),
});

/** One version of a document, on its line. */
const document = { factory: name, repository, role, tag: name.nullable(), version, sha256: sha256Schema };

const publishedBody = z.strictObject({
  type: z.literal('published'),
  ...document,
  /** `base`: production targets that an approved statement built on. `report`: the service showed it, e.g. an active Wave. */
  source: z.enum(['base', 'report']),
});

const freezeBody = z.strictObject({
  type: z.literal('freeze'),
  factory: name,
  role,
  /** The key of ours that signed what this journal does not know, and what that was. */
  keyid: name,
  repository,
  version,
  sha256: sha256Schema,
});

/** Approved by officers when an older journal was put back or it was lost; what it brings stands in the entries behind it. */
const recoveryBody = z.strictObject({
  type: z.literal('recovery'),
  /** The canonical text that the officers signed. */
  text: z.string(),
  signatures: z.array(z.strictObject({ person: name, sshsig: z.string() })),
});

/** A signed request that another journal told of: as an intent and its signatures would, all at once. */
const recoveredBody = z.strictObject({
  type: z.literal('recovered'),
  ...decision,
  /** When it was decided upon then. */
  decidedAt: timeSchema,
  signatures: z.array(z.strictObject({ ...signature, at: timeSchema })).min(1),
  /** The other journal's lines about it, as its evidence holds them; empty if only its dossier was left. */
  lines: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('journal'), text: z.string() }),
      z.strictObject({ type: z.literal('journal-hash'), seq: z.int().min(1), prev: sha256Schema, hash: sha256Schema }),
    ]),
  ),
});

/** A document that a key of ours signed and of which no request is known; officers said that it is right. */
const adoptedBody = z.strictObject({
  type: z.literal('adopted'),
  ...document,
  keyid: name,
});

/** The operator's word that the clock had been ahead: from here on times begin anew, below that of the entry before. */
const clockBody = z.strictObject({
  type: z.literal('clock'),
  /** The time of the entry before. */
  was: timeSchema,
});

/** The decision to destroy a key. It stands here before the token is asked, so the key may be there for a moment longer. */
const destroyBody = z.strictObject({
  type: z.literal('destroy'),
  keyid: name,
  role,
  factory: name,
  token: z.strictObject({ label: z.string(), serial: z.string() }),
});

/** A key by which somebody asks; no root that names it is ever signed. */
const requestKeyBody = z.strictObject({
  type: z.literal('request-key'),
  factory: name,
  /** SHA-256 of its SubjectPublicKeyInfo, whatever a root may call it. */
  keyid: sha256Schema,
  /** The TUF key object as canonical text. */
  public: z.string(),
});

const frame = { seq: z.int().min(1), prev: sha256Schema, at: timeSchema, hash: sha256Schema };

/** One line of the journal. */
export const journalEntrySchema = z.discriminatedUnion('type', [
  initBody.extend(frame),
  policyBody.extend(frame),
  rootBody.extend(frame),
  keyBody.extend(frame),
  intentBody.extend(frame),
  intentPartBody.extend(frame),
  signatureBody.extend(frame),
  signaturesBody.extend(frame),
  vetoBody.extend(frame),
  publishedBody.extend(frame),
  freezeBody.extend(frame),
  recoveryBody.extend(frame),
  recoveredBody.extend(frame),
  adoptedBody.extend(frame),
  clockBody.extend(frame),
  destroyBody.extend(frame),
  requestKeyBody.extend(frame),
]);
export type JournalEntry = z.output<typeof journalEntrySchema>;

/** What one line records, without its place in the chain. */
export type JournalBody = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, keyof typeof frame>
    : never
  : never;

export type JournalBodyOf<T extends JournalBody['type']> = Extract<JournalBody, { type: T }>;
export type JournalEntryOf<T extends JournalEntry['type']> = Extract<JournalEntry, { type: T }>;

/** `prev` of the first line. */
export const NO_PREVIOUS = '0'.repeat(64);

/** The last line of a journal, which stands for everything before it. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly at: string;
}
