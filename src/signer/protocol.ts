import { z } from 'zod';
import { ERROR_CODES } from '../errors.js';

/**
 * What the signer and its callers say to each other over the Unix socket: HTTP/1.1, JSON bodies but for the dossier. Requests are read
 * strictly; answers leave out nothing and may gain members.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const role = z.enum(['root', 'targets']);
const repository = z.enum(['ci', 'production']);
const versionDigest = z.object({ version: z.number(), sha256: z.string() });
const receipt = z.object({ seq: z.number(), hash: z.string() });

export const PATHS = {
  sign: '/v1/sign',
  verify: '/v1/verify',
  veto: '/v1/veto',
  published: '/v1/published',
  status: '/v1/status',
  keys: '/v1/keys',
  journal: '/v1/journal',
  canary: '/v1/canary',
  prove: '/v1/prove',
  progress: '/v1/progress',
  unlock: '/v1/unlock',
  requestKeys: '/v1/request-keys',
  metrics: '/metrics',
} as const;

/**
 * Header with the newest signature that the caller holds: `STATEMENT SEQ HASH`, the statement's digest and the receipt that came with the
 * signatures. A signer whose journal does not hold it has an older journal than it had, or another one.
 */
export const RECEIPT_HEADER = 'countersign-receipt';

export interface Receipt {
  /** Digest of the statement. */
  readonly statement: string;
  /** The journal's head when its last signature was written. */
  readonly seq: number;
  readonly hash: string;
}

/**
 * Header of a dossier without the targets that a root update builds on; its value is `targets`. A signer that verified the whole one before holds them;
 * any other one answers DOSSIER_NOT_HELD.
 */
export const ABRIDGED_HEADER = 'countersign-abridged';
export const ABRIDGED = 'targets';

/** Under which id the caller's log knows a call; the signer's log takes it over. */
export const REQUEST_ID_HEADER = 'x-request-id';
export const REQUEST_ID_PATTERN = /^[0-9A-Za-z_-]{1,64}$/;

export const DOSSIER_MEDIA_TYPE = 'application/x-ndjson';
export const JSON_MEDIA_TYPE = 'application/json';

/** Answer to POST /v1/sign, whose body is a dossier. */
export const signResultSchema = z.object({
  signatures: z.array(
    z.object({
      /** Index into the statement's `documents`. */
      document: z.number(),
      keyid: z.string(),
      method: z.string(),
      /** Standard base64. */
      sig: z.string(),
      /** The journal's time, `YYYY-MM-DDTHH:MM:SSZ`. */
      signedAt: z.string(),
    }),
  ),
  /** The journal's head when the last of these signatures was written. */
  journal: receipt,
});
export type SignResult = z.output<typeof signResultSchema>;

/** Answer to POST /v1/verify, whose body is a dossier. */
export const verifiedSchema = z.object({
  /** Digest of its statement. */
  statement: z.string(),
});
export type Verified = z.output<typeof verifiedSchema>;

/** Answer to GET /v1/journal?statement=SHA256: what stands in the journal from the decision to sign it to its last signature. */
export const statementJournalSchema = z.object({
  lines: z.array(
    z.discriminatedUnion('type', [
      /** About this statement: the line itself, without its newline. */
      z.object({ type: z.literal('journal'), text: z.string() }),
      /** About something else: its place alone. */
      z.object({ type: z.literal('journal-hash'), seq: z.number(), prev: sha256, hash: sha256 }),
    ]),
  ),
});
export type StatementJournal = z.output<typeof statementJournalSchema>;

/** Body of POST /v1/veto. */
export const vetoSchema = z.strictObject({
  /** The statement's text, byte for byte. */
  statement: z.string(),
  /** The text that the officer signed: the canonical rejection that names the statement's digest. */
  rejection: z.string(),
  /** Armored SSH signature over it. */
  sshsig: z.string(),
  /** The policy chain from version 1 on, if the officer is in a version that the signer may not know yet. */
  policies: z.array(z.string()).readonly().exactOptional(),
});
export type Veto = z.output<typeof vetoSchema>;

export const vetoResultSchema = z.object({
  vetoed: z.literal(true),
  person: z.string(),
  /** True if signatures had left already: the veto stands in the journal and came too late for them. */
  signed: z.boolean(),
  /** The veto's own entry. */
  journal: receipt,
});
export type VetoResult = z.output<typeof vetoResultSchema>;

/** Body of POST /v1/published. */
export const publishedSchema = z.strictObject({
  factory: z.string(),
  tag: z.string(),
  /** Name of the Wave, if the metadata is that of an active one. */
  wave: z.string().exactOptional(),
  /** `{signatures, signed}` with all signatures, as the Factory serves it. */
  metadata: z.string(),
  /** Root chains, for roots newer than the signer has seen. They may begin anywhere up to the first new one. */
  roots: z
    .strictObject({ ci: z.array(z.string()).readonly(), production: z.array(z.string()).readonly() })
    .exactOptional(),
});
export type Published = z.output<typeof publishedSchema>;

/** Body of POST /v1/published, where it is about roots alone. */
export const publishedRootsSchema = z.strictObject({
  factory: z.string(),
  /** Root chains. They may begin anywhere up to the first root that the signer has not seen. */
  roots: z.strictObject({ ci: z.array(z.string()).readonly(), production: z.array(z.string()).readonly() }),
});
export type PublishedRoots = z.output<typeof publishedRootsSchema>;

/** Answer to it: the newest roots that are known now, which may be newer than what was shown. */
export const publishedRootsResultSchema = z.object({
  roots: z.object({ ci: versionDigest.nullable(), production: versionDigest.nullable() }),
});
export type PublishedRootsResult = z.output<typeof publishedRootsResultSchema>;

export const publishedResultSchema = z.object({
  /** What is now known as published, which may be higher than what was shown. */
  watermark: versionDigest,
});
export type PublishedResult = z.output<typeof publishedResultSchema>;

/** Answer to GET /v1/canary: whether each token really signs, proved within the last seconds. */
export const canaryReportSchema = z.object({
  tokens: z.array(
    z.object({
      label: z.string(),
      /** Of its canary key; null if it has none. */
      keyid: z.string().nullable(),
      /** `pending` until the first proof; `none`: there is no canary key. */
      state: z.enum(['ok', 'failed', 'pending', 'none']),
      /** When the last proof came to its end; ISO 8601. */
      at: z.string().nullable(),
      code: z.enum(ERROR_CODES).exactOptional(),
      message: z.string().exactOptional(),
    }),
  ),
});
export type CanaryReport = z.output<typeof canaryReportSchema>;

const signerKey = z.object({
  keyid: z.string(),
  keytype: z.enum(['RSA', 'ED25519']),
  role,
  /** Its name; of a Factory that this signer does not know what the key's label says of it. */
  factory: z.string(),
  token: z.object({ label: z.string(), serial: z.string() }),
  /** The TUF key object. */
  public: z.looseObject({ keytype: z.enum(['RSA', 'ED25519']), keyval: z.looseObject({ public: z.string() }) }),
  /** Hex; empty while the token is absent. */
  ckaId: z.string(),
  attributes: z.record(z.string(), z.boolean().nullable()),
  /** `active`: the token can sign with it now. `absent`: the journal knows it and no token here has it at the moment. */
  state: z.enum(['active', 'absent']),
  /** By the roots that were seen published: `standby` waits for a rotation, `retired` is named by older roots alone. */
  use: z.enum(['standby', 'in-root', 'retired']),
});
export type SignerKey = z.output<typeof signerKey>;

/** Body of POST /v1/prove. */
export const proveSchema = z.strictObject({ factory: z.string(), keyid: z.string() });
export type ProveRequest = z.output<typeof proveSchema>;

/** A key as a root statement names it, with the signature by which it proves itself for its role in its Factory. */
export const provedKeySchema = z.object({
  key: z.object({
    keyid: z.string(),
    keytype: z.enum(['RSA', 'ED25519']),
    /** SubjectPublicKeyInfo in DER, in base64. */
    spkiBase64: z.string(),
    role,
    token: z.object({ label: z.string(), serial: z.string() }),
    attributes: z.object({
      sensitive: z.boolean().nullable(),
      extractable: z.boolean().nullable(),
      alwaysSensitive: z.boolean().nullable(),
      neverExtractable: z.boolean().nullable(),
      local: z.boolean().nullable(),
    }),
  }),
  proof: z.object({ method: z.string(), sig: z.string() }),
});
export type ProvedKey = z.output<typeof provedKeySchema>;

/** Answer to GET /v1/progress?statement=SHA256. */
export const progressSchema = z.object({
  /** How many signatures of this signer the statement asks for. */
  wanted: z.number(),
  /** How many of them are made. */
  made: z.number(),
});
export type Progress = z.output<typeof progressSchema>;

/** Body of POST /v1/request-keys. */
export const requestKeysSchema = z.strictObject({
  factory: z.string(),
  keys: z
    .array(
      z.strictObject({
        keytype: z.enum(['RSA', 'ED25519']),
        keyval: z.strictObject({ public: z.string() }),
      }),
    )
    .min(1)
    .max(16)
    .readonly(),
});
export type RequestKeys = z.output<typeof requestKeysSchema>;
/** Answer to it: how many of them were new. */
export const requestKeysResultSchema = z.object({ added: z.number() });
export type RequestKeysResult = z.output<typeof requestKeysResultSchema>;

/** Body of POST /v1/unlock: label or serial number of a token. */
export const unlockSchema = z.strictObject({ token: z.string() });
/** Answer to it, once the token is there; else it is the reason why not. */
export const unlockedSchema = z.object({ token: z.string(), state: z.string() });
export type Unlocked = z.output<typeof unlockedSchema>;

export const keysSchema = z.object({ keys: z.array(signerKey) });
export type SignerKeys = z.output<typeof keysSchema>;

export const statusSchema = z.object({
  initialised: z.boolean(),
  /** Digest of policy version 1. */
  service: sha256,
  policy: versionDigest,
  factories: z.array(z.string()),
  /** The highest root known of each Factory and repository. */
  roots: z.array(z.object({ factory: z.string(), repository, version: z.number(), sha256: z.string() })),
  tokens: z.array(
    z.object({
      label: z.string(),
      serial: z.string().nullable(),
      /** `ready` when its keys can sign; other words say why not. */
      state: z.string(),
      /** For which its keys sign, as the configuration or else the journal has it. One for root alone may be absent until a ceremony. */
      roles: z.array(role),
      workers: z.array(z.object({ pid: z.number().nullable(), state: z.string(), restarts: z.number() })),
    }),
  ),
  keys: z.array(signerKey),
  watermarks: z.array(
    z.object({
      factory: z.string(),
      repository,
      role,
      tag: z.string().nullable(),
      /** The highest version that was signed, and the last bytes of it. */
      issued: versionDigest.nullable(),
      published: versionDigest.nullable(),
      /**
       * What was signed at the published version or above it and is not published, in that order: new documents at or below one of them have to
       * name it as superseded. `statement` is the digest of the one that asked for it; null if nobody has its request.
       */
      unpublished: z.array(versionDigest.extend({ statement: sha256.nullable() })),
    }),
  ),
  frozen: z.array(
    z.object({ factory: z.string(), role, keyid: z.string(), version: z.number(), sha256: z.string(), at: z.string() }),
  ),
  journal: z.object({
    seq: z.number(),
    hash: z.string(),
    at: z.string(),
    /** True after a write that failed, until the disk takes something again or the signer is restarted: nothing is signed. */
    failed: z.boolean(),
    /** Why, and what to do about it, while `failed` is true. */
    failure: z.string().exactOptional(),
    /** True if the caller showed a receipt that the journal does not hold: nothing is signed for it. */
    incomplete: z.boolean(),
  }),
  /** Each time that the journal was rebuilt, with the officers who approved that. */
  recoveries: z.array(z.object({ seq: z.number(), at: z.string(), reason: z.string(), persons: z.array(z.string()) })),
  /** False while the clock is behind the journal's last entry. */
  clockOk: z.boolean(),
  /** What the clock says, `YYYY-MM-DDTHH:MM:SSZ`. */
  clock: z.string().exactOptional(),
  /** True while the signer waits for its last answers before it ends. */
  stopping: z.boolean(),
});
export type SignerStatus = z.output<typeof statusSchema>;

/** Body of every answer that is not 200. */
export const errorWireSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  pointer: z.string().exactOptional(),
  hint: z.string().exactOptional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).exactOptional(),
});
