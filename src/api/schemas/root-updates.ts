import { z } from 'zod';
import { statementKeySchema } from '../../dossier/index.js';
import { humanText, requestIdText, sha256Text, timeText } from './text.js';

const name = z.string().min(1).max(200);
const offlineRole = z.enum(['root', 'targets']);
const keytype = z.enum(['ED25519', 'RSA']);
const keyid = z
  .string()
  .regex(/^[0-9A-Za-z._:-]{1,128}$/, 'is no keyid')
  .meta({ description: 'As the root has it' });

/** What to do with the Factory's roots, said by purpose; new keys are the standby keys of the tokens. */
const rootIntentionSchema = z
  .discriminatedUnion('op', [
    z.strictObject({
      op: z.literal('take-ownership').meta({ description: 'The first key of yours takes the place of the Factory’s' }),
      role: offlineRole,
    }),
    z.strictObject({
      op: z.literal('rotate-key'),
      role: offlineRole,
      old: keyid.optional().meta({ description: 'Needed where the role has more than one key of yours' }),
      keytype: keytype.optional(),
    }),
    z.strictObject({
      op: z.literal('add-key'),
      role: offlineRole,
      token: name.optional().meta({ description: 'Label of the token whose standby key it shall be' }),
    }),
    z.strictObject({ op: z.literal('remove-key'), role: offlineRole, keyid }),
    z.strictObject({ op: z.literal('set-threshold'), role: offlineRole, threshold: z.int().min(1).max(1000) }),
    z.strictObject({
      op: z.literal('rotate-online-key').meta({ description: 'The Factory makes new keys of its own' }),
      roles: z
        .array(z.enum(['targets', 'snapshot', 'timestamp']))
        .min(1)
        .max(3),
      keytype,
    }),
    z.strictObject({
      op: z.literal('resign').meta({ description: 'The same roots with another expiry' }),
      expires: timeText.optional().meta({ description: 'A year from now if left out' }),
    }),
  ])
  .meta({ id: 'RootIntention' });
export type RootIntentionBody = z.output<typeof rootIntentionSchema>;

const common = {
  reason: humanText.meta({
    description: 'Why; officers read it before they approve',
    example: 'Yearly rotation of the targets key',
  }),
  dryRun: z.boolean().optional().meta({ description: 'Check everything, store nothing, answer what would be signed' }),
  keys: z.array(statementKeySchema).min(1).max(16).optional().meta({
    description:
      'Keys in tokens of another signer, as `key export` writes them there: to be brought in, or to be known as keys in a token',
  }),
  without: z.array(keyid).min(1).max(64).optional().meta({
    description: 'Root keys in force that are not asked to sign, because their token is lost, say; others are chosen',
  }),
  supersedes: z
    .array(z.strictObject({ statement: sha256Text, documents: z.array(sha256Text).min(1).max(64) }))
    .min(1)
    .max(64)
    .optional()
    .meta({
      description:
        'Roots that another signer says it has signed, as its WATERMARK_ISSUED names them; of those that the service knows of it names them itself',
    }),
  transaction: z
    .strictObject({ txid: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'is no id of a transaction') })
    .optional()
    .meta({
      description:
        'One that the caller began at the Factory: the first of a new Factory, whose answer has a private key',
    }),
};

/** What to change, by purpose. */
export const rootUpdateIntentionSchema = z
  .strictObject({
    ...common,
    intentions: z.array(rootIntentionSchema).min(1).max(64),
    adopt: z
      .array(z.strictObject({ tag: name, wave: name.nullable() }))
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Documents that no offline key in force has signed, to be signed all the same' }),
  })
  .meta({ id: 'RootUpdateIntention' });
export type RootUpdateIntentionBody = z.output<typeof rootUpdateIntentionSchema>;

const unsignedRoot = z.looseObject({}).meta({
  description:
    'Unsigned root metadata, `{signatures, signed}` or only `signed`; its bytes matter, as for `targets` of a Wave',
});

/** The unsigned roots themselves; they are read back into the changes that an intention would have given. */
export const rootUpdateDocumentsSchema = z
  .strictObject({ ...common, ci: unsignedRoot, production: unsignedRoot })
  .meta({ id: 'RootUpdateDocuments' });

export const submitRootUpdateBodySchema = z
  .union([rootUpdateIntentionSchema, rootUpdateDocumentsSchema])
  .meta({ id: 'RootUpdateSubmission' });

/** Signatures by root keys that stand in no token: of the key that the update retires, made on its owner's machine. */
export const externalSignaturesBodySchema = z
  .strictObject({
    signatures: z
      .array(
        z.strictObject({
          document: z.int().min(0).max(1).meta({ description: '0: the CI root, 1: the production root' }),
          keyid,
          method: z.enum(['ed25519', 'rsassa-pss-sha256']),
          sig: z.string().min(1).max(8192).meta({ description: 'Base64, over the canonical bytes of the document' }),
        }),
      )
      .min(1)
      .max(200),
  })
  .meta({ id: 'ExternalSignatures' });
export type ExternalSignaturesBody = z.output<typeof externalSignaturesBodySchema>;

/** What another signer has signed: lines of its journal, in which the signatures stand. */
export const importedSignaturesBodySchema = z
  .strictObject({
    journal: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('journal'), text: z.string().min(1) }),
          z.strictObject({
            type: z.literal('journal-hash'),
            seq: z.int().min(1),
            prev: sha256Text,
            hash: sha256Text,
          }),
        ]),
      )
      .min(1)
      .max(100_000)
      .meta({ description: 'From its decision to its last signature, as they stand at the end of a signed dossier' }),
  })
  .meta({ id: 'ImportedSignatures' });
export type ImportedSignaturesBody = z.output<typeof importedSignaturesBodySchema>;

const described = z.object({ polisId: z.string(), message: z.string(), timestamp: z.string() });

const rootDescriptionSchema = z
  .object({
    version: z.int(),
    expires: z.string(),
    sha256: sha256Text,
    changelog: described.nullable(),
    roles: z.record(z.string(), z.object({ keyids: z.array(z.string()), threshold: z.int() })),
    keys: z.array(
      z.object({
        keyid: z.string(),
        keytype: z.string(),
        roles: z.array(z.string()),
        owner: z.object({ polisId: z.string(), createdAt: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ id: 'RootDescription' });

export const rootChainsSchema = z
  .object({
    factory: z.string(),
    ci: z.array(rootDescriptionSchema),
    production: z.array(rootDescriptionSchema),
  })
  .meta({
    id: 'RootChains',
    description: 'All published roots, the first one first; each chain verified from the pinned root',
  });
export type RootChainsWire = z.output<typeof rootChainsSchema>;

export const rootTransactionSchema = z
  .object({
    factory: z.string(),
    status: z.enum(['NONE', 'STARTED', 'APPLYING']).meta({ description: 'As the Factory tells it' }),
    transaction: z.enum(['none', 'ours', 'foreign']),
    request: requestIdText.nullable().meta({ description: 'Whose transaction it is, if it is ours' }),
    changelog: described.nullable().meta({ description: 'Who began it, and what for' }),
    errors: z.array(z.string()).meta({ description: 'What the Factory finds wrong with it' }),
    warnings: z.array(z.string()),
    requestKeys: z
      .array(z.object({ keyid: z.string(), name: z.string() }))
      .default([])
      .meta({ description: 'Request keys that it would bring into the roots: somebody goes past Countersign' }),
  })
  .meta({ id: 'RootTransaction' });
export type RootTransactionWire = z.output<typeof rootTransactionSchema>;

const describedKey = z
  .object({
    keyid: z.string(),
    keytype: z.string(),
    owner: z.object({ polisId: z.string(), createdAt: z.string() }).nullable(),
  })
  .nullable();
const role = z.object({ keyids: z.array(z.string()), threshold: z.int() });

/** What a root update changes. Officers' programs derive it anew from the dossier; this is for reading. */
export const rootSummarySchema = z
  .object({
    previousVersion: z.int(),
    version: z.int(),
    previousExpires: z.string(),
    expires: z.string(),
    changelog: described,
    keys: z.array(z.object({ role: z.string(), online: z.boolean(), old: describedKey, new: describedKey })),
    thresholds: z.array(
      z.object({
        role: offlineRole,
        repository: z.enum(['both', 'production']),
        was: z.int(),
        threshold: z.int(),
        keys: z.int(),
      }),
    ),
    signers: z.object({ previous: role, next: role, keyids: z.array(z.string()) }),
    documents: z.array(
      z.object({
        tag: z.string(),
        wave: z.string().nullable(),
        version: z.int(),
        expires: z.string(),
        sha256: sha256Text,
        sign: z.array(z.string()),
        adopted: z
          .looseObject({})
          .nullable()
          .meta({ description: 'All that it says, if no offline key in force has signed it' }),
      }),
    ),
    warnings: z.array(z.object({ kind: z.string(), message: z.string() })),
  })
  .meta({ id: 'RootSummary' });

/** `root` of a request of that kind. */
export const requestRootSchema = z.object({
  version: z.int(),
  summary: z.string().meta({ description: 'In one line', example: 'replace key of targets; 3 documents signed again' }),
  reSigned: z.int().default(0).meta({ description: 'How many targets documents are signed again' }),
  missingSigners: z
    .array(z.object({ document: z.int(), missing: z.int(), keyids: z.array(z.string()) }))
    .default([])
    .meta({ description: 'Signatures that it lacks and that no token makes: hand them in as external ones' }),
  missingSignatures: z
    .array(z.object({ keyid: z.string(), role: offlineRole, token: z.string().nullable(), documents: z.int() }))
    .default([])
    .meta({ description: 'Keys in tokens that have yet to sign, once it is approved; `token`: its label, if known' }),
  externals: z.array(z.object({ document: z.int(), keyid: z.string() })).default([]),
  rebuiltFrom: z.string().nullable().default(null).meta({ description: 'The request in whose place this one is' }),
  rebuiltAs: z.string().nullable().default(null).meta({ description: 'The request in the place of this one' }),
  progress: z
    .object({ wanted: z.int(), made: z.int() })
    .optional()
    .meta({ description: 'Signatures, while the signer is at it' }),
});
