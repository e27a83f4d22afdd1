import { z } from 'zod';
import { bundleSummarySchema, requestBundleSchema } from './bundles.js';
import { requestRootSchema, rootSummarySchema } from './root-updates.js';
import { humanText, requestIdText, sha256Text, sshsigText, timeText } from './text.js';

export const requestStateSchema = z.enum(['preparing', 'open', 'signed', 'delivered', 'closed', 'abandoned']);

const codedError = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  at: z.string(),
});

export const requestViewSchema = z
  .object({
    id: requestIdText,
    factory: z.string(),
    kind: z.enum(['wave', 'root', 'bundle', 'policy']),
    state: requestStateSchema,
    closedBecause: z.enum(['rejected', 'cancelled', 'expired', 'superseded', 'conflict']).optional(),
    progress: z
      .enum(['preparing', 'waiting-for-approvals', 'signing', 'delivering', 'done'])
      .meta({ description: 'Derived from state and approvals' }),
    wave: z.object({ name: z.string(), tag: z.string(), version: z.int() }).nullable(),
    root: requestRootSchema.nullable().default(null),
    bundle: requestBundleSchema.nullable().default(null),
    requester: z.object({
      name: z.string(),
      kind: z.enum(['person', 'ci']),
      via: z.enum(['ci', 'token', 'login', 'fioctl']),
    }),
    reason: z.string(),
    created: timeText,
    expires: timeText.meta({ description: 'When the statement can no longer be approved or signed' }),
    statementSha256: sha256Text,
    shortCode: z.string().meta({ description: 'What an officer types to confirm', example: 'abcd-1234' }),
    quorum: z.object({
      needed: z.int(),
      persons: z.array(z.string()),
      missing: z.int(),
      singleOfficer: z.boolean(),
    }),
    approvals: z.array(z.object({ person: z.string(), fingerprint: z.string(), at: z.string() })),
    rejections: z.array(
      z.object({
        person: z.string(),
        reason: z.string(),
        at: z.string(),
        vetoed: z.boolean().meta({ description: 'Whether the signer has confirmed the veto' }),
      }),
    ),
    documents: z.array(z.object({ sha256: sha256Text, length: z.int(), version: z.int(), expires: timeText })),
    signatures: z.array(z.object({ keyid: z.string(), method: z.string(), signedAt: z.string() })),
    lastError: codedError.optional().meta({ description: 'Why the step that is due could not be done yet' }),
  })
  .meta({ id: 'Request' });
export type RequestView = z.output<typeof requestViewSchema>;

const targetSummary = z.object({ target: z.string(), version: z.string() });

/** What will change, per hardware id. Officers' programs derive it anew from the dossier; this is for reading. */
const waveSummarySchema = z
  .object({
    version: z.int(),
    tag: z.string(),
    expires: z.string(),
    sourceTag: z.string().nullable(),
    previousVersion: z.int().nullable(),
    previousExpires: z.string().nullable(),
    pruned: z.array(z.int()),
    hardware: z.array(
      z.object({
        hardwareId: z.string(),
        added: z.array(
          targetSummary.extend({
            sha256: z.string(),
            comparedWith: z.string().nullable(),
            apps: z.array(z.object({ name: z.string(), uri: z.string(), was: z.string().nullable() })),
            removedApps: z.array(z.object({ name: z.string(), was: z.string() })),
          }),
        ),
        dropped: z.array(targetSummary),
        kept: z.array(targetSummary),
      }),
    ),
  })
  .meta({ id: 'WaveSummary' });

export const diffSchema = z
  .object({
    summary: z
      .union([waveSummarySchema, rootSummarySchema, bundleSummarySchema])
      .meta({ description: 'By the kind of the request' }),
    text: z.string().meta({ description: 'The same as plain text for a terminal' }),
  })
  .meta({ id: 'Diff' });
export type RequestDiff = z.output<typeof diffSchema>;

export const submissionSchema = z
  .object({
    request: requestViewSchema,
    created: z.boolean().meta({ description: 'False when the same was asked before, and for a dry run' }),
    preview: diffSchema.optional().meta({ description: 'For a dry run: what would be signed' }),
  })
  .meta({ id: 'Submission' });
export type SubmissionWire = z.output<typeof submissionSchema>;

export const requestListSchema = z
  .object({ items: z.array(requestViewSchema), next: z.string().nullable() })
  .meta({ id: 'RequestList' });
export type RequestListWire = z.output<typeof requestListSchema>;

/** TUF targets metadata with its signatures; the bytes are the ones that were signed. */
export const signedMetadataSchema = z
  .looseObject({
    signatures: z.array(z.looseObject({ keyid: z.string(), method: z.string(), sig: z.string() })),
    signed: z.looseObject({ _type: z.string(), version: z.int(), expires: z.string() }),
  })
  .meta({ id: 'SignedMetadata' });

/** Both roots of a root update. */
export const signedRootsSchema = z
  .strictObject({ ci: signedMetadataSchema, production: signedMetadataSchema })
  .meta({ id: 'SignedRoots' });

export const approvalBodySchema = z
  .strictObject({ sshsig: sshsigText })
  .meta({ id: 'Approval', description: 'Over the exact bytes of the statement, namespace countersign-approve-v1' });

export const rejectionBodySchema = z
  .strictObject({
    rejection: z.string().min(1).max(16_384).meta({ description: 'The exact text that was signed' }),
    sshsig: sshsigText,
  })
  .meta({ id: 'Rejection', description: 'Over the bytes of `rejection`, namespace countersign-reject-v1' });

export const cancellationBodySchema = z.strictObject({ reason: humanText.optional() }).meta({ id: 'Cancellation' });
