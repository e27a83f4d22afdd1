import { z } from 'zod';
import { parseWithSchema, sha256Schema, timeSchema } from '../../approval/index.js';
import { reasonSchema, statementKeySchema, type StatementKey } from '../../dossier/index.js';
import { factoryNameSchema, tagSchema, waveNameSchema } from '../../factory/index.js';
import { encodeText, parseCanonical, parseRoot, serializeMetadata, sha256Hex, type Root } from '../../tuf/index.js';
import { CountersignError, inPart } from '../../errors.js';
import type { SupersededStatement } from '../name-superseded.js';

const MOST_INTENTIONS = 64;
const MOST_ADOPTED = 1000;
const MOST_KEYS = 16;
const MOST_WITHOUT = 64;
const MOST_SUPERSEDED = 64;
const keyidSchema = z.string().min(1).max(128);
const roleSchema = z.enum(['root', 'targets']);
const keytypeSchema = z.enum(['ED25519', 'RSA']);

const intentionSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('take-ownership'), role: roleSchema }),
  z.strictObject({
    op: z.literal('rotate-key'),
    role: roleSchema,
    old: keyidSchema.optional(),
    keytype: keytypeSchema.optional(),
  }),
  z.strictObject({ op: z.literal('add-key'), role: roleSchema, token: z.string().min(1).max(32).optional() }),
  z.strictObject({ op: z.literal('remove-key'), role: roleSchema, keyid: keyidSchema }),
  z.strictObject({ op: z.literal('set-threshold'), role: roleSchema, threshold: z.int().min(1).max(1000) }),
  z.strictObject({
    op: z.literal('rotate-online-key'),
    roles: z
      .array(z.enum(['targets', 'snapshot', 'timestamp']))
      .min(1)
      .max(3),
    keytype: keytypeSchema,
  }),
  z.strictObject({ op: z.literal('resign'), expires: timeSchema.optional() }),
]);
export type RootIntention = z.output<typeof intentionSchema>;

const adoptedSchema = z.strictObject({ tag: tagSchema, wave: waveNameSchema.nullable() });

const supersededSchema = z.strictObject({
  statement: sha256Schema,
  documents: z.array(sha256Schema).min(1).max(MOST_SUPERSEDED),
});

const optional = {
  keys: z.array(statementKeySchema).min(1).max(MOST_KEYS).optional(),
  without: z.array(keyidSchema).min(1).max(MOST_WITHOUT).optional(),
  supersedes: z.array(supersededSchema).min(1).max(MOST_SUPERSEDED).optional(),
};

/** As it is kept, to ask for the same again: without the transaction, which is gone by then. */
const storedSchema = z.union([
  z.strictObject({
    factory: factoryNameSchema,
    reason: reasonSchema,
    intentions: z.array(intentionSchema).min(1).max(MOST_INTENTIONS),
    adopt: z.array(adoptedSchema).max(MOST_ADOPTED),
    ...optional,
  }),
  z.strictObject({
    factory: factoryNameSchema,
    reason: reasonSchema,
    ci: z.string(),
    production: z.string(),
    ...optional,
  }),
]);

interface Common {
  readonly factory: string;
  readonly reason: string;
  /** Everything is checked, nothing stored and nothing begun at the Factory. */
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string;
  /** Keys in tokens of other signers than the service's own: to be brought in, or to be known as being in a token. */
  readonly keys?: readonly StatementKey[];
  /** Root keys in force that are not asked to sign: their token is lost, say. */
  readonly without?: readonly string[];
  /** What another signer says that it signed and nobody published, and the service has no request of. */
  readonly supersedes?: readonly SupersededStatement[];
  /** One that the caller began at the Factory. A secret. */
  readonly transaction?: { readonly txid: string };
}

/** What to change, by purpose. */
export interface RootIntentions extends Common {
  /** Of the roots that are to come of it: refused if others than those that the caller has seen are in force by now. */
  readonly rootVersion?: number;
  readonly intentions: readonly RootIntention[];
  /** Documents that no offline key in force has signed, to be signed all the same. */
  readonly adopt?: readonly { readonly tag: string; readonly wave: string | null }[];
}

/** The unsigned roots themselves, `{signatures, signed}` or only `signed`. */
export interface RootDocuments extends Common {
  readonly ci: Buffer;
  readonly production: Buffer;
}

export type RootSubmission = RootIntentions | RootDocuments;

/** A submission of either form, checked for itself. */
export type ParsedRootSubmission = {
  readonly factory: string;
  readonly reason: string;
  /** Canonical text. */
  readonly text: string;
  readonly sha256: string;
  readonly keys: readonly StatementKey[];
  readonly without: readonly string[];
  readonly supersedes: readonly SupersededStatement[];
} & (
  | {
      readonly form: 'intentions';
      readonly intentions: readonly RootIntention[];
      readonly adopt: readonly { readonly tag: string; readonly wave: string | null }[];
    }
  | { readonly form: 'roots'; readonly ci: Root; readonly production: Root }
);

/** @throws INPUT_INVALID and, for roots, what parsing root metadata throws */
export function parseRootSubmission(submission: RootSubmission): ParsedRootSubmission {
  const { factory, reason } = submission;
  const { keys, without, supersedes } = submission;
  const more = {
    ...(keys === undefined ? {} : { keys }),
    ...(without === undefined ? {} : { without }),
    ...(supersedes === undefined ? {} : { supersedes }),
  };
  if ('intentions' in submission) {
    const { intentions, adopt = [] } = submission;
    return parseStored({ factory, reason, intentions, adopt, ...more });
  }
  const text = (root: Buffer) => root.toString('utf8');
  return parseStored({ factory, reason, ci: text(submission.ci), production: text(submission.production), ...more });
}

/** What was kept of a submission. @throws as parseRootSubmission */
export function readStoredSubmission(text: string): ParsedRootSubmission {
  const value: unknown = JSON.parse(text);
  return parseStored(value);
}

function parseStored(value: unknown): ParsedRootSubmission {
  const stored = parseWithSchema(storedSchema, value, { code: 'INPUT_INVALID', what: 'submission' });
  const text = encodeText(JSON.parse(JSON.stringify(stored)));
  const { factory, reason, keys = [], without = [], supersedes = [] } = stored;
  const common = { factory, reason, text, sha256: sha256Hex(text), keys, without, supersedes };
  if ('intentions' in stored) {
    const { intentions, adopt } = stored;
    return { ...common, form: 'intentions', intentions, adopt };
  }
  return {
    ...common,
    form: 'roots',
    ci: rootOf(stored.ci, 'ci'),
    production: rootOf(stored.production, 'production'),
  };
}

/** The root may come alone or as `{signed, signatures}`; signatures are not looked at. Pointers begin with the member. */
function rootOf(text: string, member: string): Root {
  const { value, bytes } = parseCanonical(Buffer.from(text, 'utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CountersignError('INPUT_INVALID', `${member} must be an object: unsigned root metadata`, {
      pointer: `/${member}`,
    });
  }
  const root = 'signed' in value ? bytes : serializeMetadata({ signatures: [], signedBytes: bytes });
  return inPart(`/${member}`, () => parseRoot(root), member).signed;
}
