import { z } from 'zod';
import { parseWithSchema, sha256Schema, timeSchema } from '../approval/index.js';
import { reasonSchema } from '../dossier/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import { REPOSITORIES } from '../factory/index.js';
import { encodeText, parseText } from '../tuf/index.js';

const name = z.string().min(1).max(256);
const version = z.int().min(1);
const role = z.enum(['root', 'targets']);
const versionedDigest = { version, sha256: sha256Schema };
/** A version of a document and the line of documents that it belongs to. */
const document = { repository: z.enum(REPOSITORIES), role, tag: name.nullable(), ...versionedDigest };

const recoverySchema = z.strictObject({
  _type: z.literal('countersign/recovery'),
  spec: z.literal(1),
  /** Digest of policy version 1. */
  service: sha256Schema,
  /** The policy in force once this is applied, whose officers decide on it. */
  policy: z.strictObject(versionedDigest),
  /** The entry that the recovery continues from; `damagedLine`: the first line after it that cannot be read. */
  journal: z.strictObject({ seq: version, hash: sha256Schema, damagedLine: version.nullable() }),
  created: timeSchema,
  expires: timeSchema,
  reason: reasonSchema,
  // What the journal will know and does not know now:
  policies: z.array(z.strictObject(versionedDigest)),
  roots: z.array(z.strictObject({ factory: name, repository: z.enum(REPOSITORIES), ...versionedDigest })),
  keys: z.array(z.strictObject({ keyid: name, factory: name, role, token: z.string() })),
  /** Requests that were signed: asked again, they get the signatures that they had. */
  requests: z.array(
    z.strictObject({
      id: name,
      /** Only of bundles: their documents look like targets otherwise. */
      kind: z.literal('bundle').optional(),
      factory: name,
      statement: sha256Schema,
      /** `journal`: the old journal's lines are there. `dossier`: they are not, so there is no new evidence of it. */
      from: z.enum(['journal', 'dossier']),
      documents: z.array(z.strictObject({ ...document, keyids: z.array(name) })),
    }),
  ),
  /** Documents that carry a signature of ours and of which nobody has the request. */
  adopted: z.array(z.strictObject({ factory: name, ...document, keyid: name })),
  published: z.array(z.strictObject({ factory: name, ...document })),
  vetoes: z.array(z.strictObject({ id: name, statement: sha256Schema, person: name })),
  /** Freezes that are explained by the above, and end. */
  lifts: z.array(z.strictObject({ factory: name, role, keyid: name, ...versionedDigest })),
  /** Digest of the very entries that will be written. */
  entries: sha256Schema,
});

/** What officers approve: everything that a journal is to know again, on what it is put, and why. */
export type Recovery = z.output<typeof recoverySchema>;

const MAX_RECOVERY_BYTES = 32 * 1024 * 1024;

/**
 * The canonical text (RFC 8785) of a recovery. Its UTF-8 bytes are what officers sign.
 *
 * @throws RECOVERY_INVALID
 */
export function encodeRecovery(recovery: Recovery): string {
  const checked = parseWithSchema(recoverySchema, recovery, { code: 'RECOVERY_INVALID', what: 'recovery' });
  return asRecoveryError(() => encodeText(checked));
}

/** @throws RECOVERY_INVALID not canonical, or a member is missing, unknown or of the wrong form */
export function parseRecovery(text: string): Recovery {
  const value = asRecoveryError(() => parseText(text, { maxBytes: MAX_RECOVERY_BYTES }));
  return parseWithSchema(recoverySchema, value, { code: 'RECOVERY_INVALID', what: 'recovery' });
}

/** Whoever reads a recovery needs one code for "this is none"; the finer one stays in `cause`. */
export function asRecoveryError<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError('RECOVERY_INVALID', `the recovery is not canonical text: ${cause.message}`, {
      hint: 'have it written by countersign signer recover draft, and do not format it afterwards',
      cause,
    });
  }
}
