import { z } from 'zod';
import { sha256Schema, timeSchema } from '../approval/index.js';
import { factoryNameSchema } from '../factory/index.js';

/** How a request reached the service. */
const VIAS = ['ci', 'token', 'login', 'fioctl'] as const;

const MAX_SIGNING_KEYS = 64;

/** `req_` and a ULID in lower case (Crockford's alphabet: no i, l, o, u). */
const requestIdSchema = z.string().regex(/^req_[0-9a-hjkmnp-tv-z]{26}$/, "is 'req_' and 26 characters of a ULID");

/** Who asked, as the service says: a person of the policy or the name of a CI token. */
const requesterNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/, "has letters, digits, '.', '_', '@' and '-', at most 63");

export const reasonSchema = z
  .string()
  .max(1000, 'has at most 1000 characters')
  .refine((reason) => reason.trim() !== '', 'must say why');

const versionSchema = z.int().min(1);
/** A keyid is opaque (real roots hold some made by older rules), but always a short plain text. */
export const keyidSchema = z.string().regex(/^[0-9A-Za-z._:-]{1,128}$/, 'is no keyid');
export const versionedDigestSchema = z.strictObject({ version: versionSchema, sha256: sha256Schema });
export const baseRootSchema = z.strictObject({ version: versionSchema, ci: sha256Schema, production: sha256Schema });

/** Keyids that are to sign a document. */
const signSchema = z
  .array(keyidSchema)
  .min(1, 'names at least one key')
  .max(MAX_SIGNING_KEYS)
  .refine((keyids) => new Set(keyids).size === keyids.length, 'names each key once');

/** What statements of every kind say of a document. */
export const documentFacts = {
  version: versionSchema,
  expires: timeSchema,
  length: z.int().min(1),
  sha256: sha256Schema,
  sign: signSchema,
};

/**
 * Documents that were signed and given up, and the statement that asked for the last of them. `unknown`: those of which the service has no
 * request, as the signer's journal told it; its database is an older copy, then.
 */
export function supersedesSchema(maxDocuments: number) {
  const documents = z.array(sha256Schema).min(1).max(maxDocuments);
  return z
    .strictObject({ statement: sha256Schema, documents, unknown: documents.exactOptional() })
    .refine(({ unknown = [], ...named }) => isSubset(unknown, named.documents), 'names what is no document of its own')
    .nullable();
}

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  const known = new Set(all);
  return some.every((one) => known.has(one));
}

/** The members that statements of every kind begin with. */
export const statementHead = {
  _type: z.literal('countersign/statement'),
  spec: z.literal(1),
  service: sha256Schema,
  factory: factoryNameSchema,
  id: requestIdSchema,
  policy: versionedDigestSchema,
  requester: z.strictObject({ name: requesterNameSchema, via: z.enum(VIAS) }),
  reason: reasonSchema,
  created: timeSchema,
  expires: timeSchema,
};
