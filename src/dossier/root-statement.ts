import { z } from 'zod';
import { sha256Schema } from '../approval/index.js';
import { rootChangeSchema, tagSchema, waveNameSchema } from '../factory/index.js';
import {
  baseRootSchema,
  documentFacts,
  keyidSchema,
  statementHead,
  supersedesSchema,
  versionedDigestSchema,
} from './statement-parts.js';

const MAX_SUPERSEDED_DOCUMENTS = 100_000;
const MAX_NEW_KEYS = 64;

/** What a token says of a private key; null where it says nothing. */
const attributeSchema = z.boolean().nullable();

/** A key that is new to the roots: where it is, how it is kept, and that its holder has it. */
export const statementKeySchema = z.strictObject({
  keyid: keyidSchema,
  keytype: z.enum(['RSA', 'ED25519']),
  /** SubjectPublicKeyInfo in DER, in base64. */
  spkiBase64: z.string().min(1).max(2048),
  role: z.enum(['root', 'targets']),
  /** As CK_TOKEN_INFO has them, without the blanks that fill them up. */
  token: z.strictObject({
    label: z.string().regex(/^[ -~]{1,32}$/, 'is no label of a token'),
    serial: z.string().regex(/^[ -~]{0,16}$/, 'is no serial number of a token'),
  }),
  attributes: z.strictObject({
    sensitive: attributeSchema,
    extractable: attributeSchema,
    alwaysSensitive: attributeSchema,
    neverExtractable: attributeSchema,
    local: attributeSchema,
  }),
  /** A signature by the key over `keyProofPayload`. */
  proof: z.strictObject({ method: z.string().max(64), sig: z.string().max(8192) }),
});

const rootDocumentFacts = {
  ...documentFacts,
  sign: documentFacts.sign.refine(
    (keyids) => keyids.every((keyid, index) => index === 0 || (keyids[index - 1] ?? '') < keyid),
    'names keys in ascending order',
  ),
};

const rootDocumentSchema = <R extends 'ci' | 'production'>(repository: R) =>
  z.strictObject({ role: z.literal('root'), repository: z.literal(repository), ...rootDocumentFacts });

const reSignedDocumentSchema = z.strictObject({
  role: z.literal('targets'),
  repository: z.literal('production'),
  tag: tagSchema,
  /** Null for the tag's production targets. */
  wave: waveNameSchema.nullable(),
  ...rootDocumentFacts,
});

export const rootStatementSchema = z.strictObject({
  ...statementHead,
  kind: z.literal('root'),
  base: z.strictObject({
    root: baseRootSchema,
    ciTargets: versionedDigestSchema,
    /** All production targets that the Factory has, by tag. */
    targets: z.record(tagSchema, versionedDigestSchema),
    /** The targets of all its active Waves, by Wave. */
    waves: z.record(waveNameSchema, z.strictObject({ tag: tagSchema, ...versionedDigestSchema.shape })),
  }),
  changes: z.array(rootChangeSchema).min(1),
  keys: z.array(statementKeySchema).max(MAX_NEW_KEYS),
  documents: z.tuple([rootDocumentSchema('ci'), rootDocumentSchema('production')], reSignedDocumentSchema),
  supersedes: supersedesSchema(MAX_SUPERSEDED_DOCUMENTS),
  /** The root update that was begun at the Factory: its address, and the digest of what it is asked for by. */
  upstream: z
    .strictObject({ url: z.string().regex(/^[!-~]{1,2048}$/, 'is no address'), txidSha256: sha256Schema })
    .nullable(),
});

export type RootStatement = z.infer<typeof rootStatementSchema>;
export type RootStatementDocument = RootStatement['documents'][number];
export type StatementKey = RootStatement['keys'][number];
