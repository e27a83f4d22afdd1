import { z } from 'zod';
import { parseTime } from '../../tuf/index.js';
import { tagSchema, waveNameSchema } from '../names.js';

/** The roles whose keys are the customer's. */
export const OFFLINE_ROLES = ['root', 'targets'] as const;
export type OfflineRole = (typeof OFFLINE_ROLES)[number];

/** The roles that the Factory signs for with keys of its own; `targets` has keys of both. */
export const ONLINE_ROLES = ['targets', 'snapshot', 'timestamp'] as const;
export type OnlineRole = (typeof ONLINE_ROLES)[number];

const MOST_KEYS = 100;
const MOST_DOCUMENTS = 100_000;
/** Devices refuse more. */
const MOST_THRESHOLD = 1000;

/** Printable ASCII without `< > &`: what verifiers agree on, in one line that cannot imitate the lines around it. */
const plainText = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[\x20-\x25\x27-\x3b\x3d\x3f-\x7e]+$/, "has only printable ASCII characters, without '<', '>' and '&'");

/** A keyid is opaque: real roots hold some made by older rules. */
const keyidSchema = z.string().regex(/^[0-9A-Za-z._:-]{1,128}$/, 'is no keyid');

/**
 * A time in `x-changelog` or `x-key-owners`, in the one spelling that Go gives it: fioctl parses every time of a root and
 * writes it back, so another spelling would not be what it signs.
 */
const goTimeSchema = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{0,8}[1-9])?(?:Z|(?![+-]00:00)[+-](?:[01]\d|2[0-3]):[0-5]\d)$/,
    'a time is written like 2027-11-22T16:26:20.5Z or 2027-11-22T13:26:20-03:00',
  )
  .refine((text) => parseTime(`${text.slice(0, 19)}Z`) !== undefined, 'is no time that exists');

const expiresSchema = z
  .string()
  .refine((text) => parseTime(text) !== undefined, 'a time is written like 2027-11-22T16:26:20Z');

/** A new key. Not in PEM: a line feed has no place in a text that people read before they sign it. */
const newKeySchema = z.strictObject({
  keyid: keyidSchema,
  /** SubjectPublicKeyInfo in DER, in base64. */
  spkiBase64: z
    .string()
    .min(1)
    .max(2048)
    .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'is no base64'),
});

/** `x-key-owners` of a new key; null for none, as in roots that are older than the member. */
const ownerSchema = z.strictObject({ polisId: plainText(128), createdAt: goTimeSchema }).nullable();

const offlineRoleSchema = z.enum(OFFLINE_ROLES);

const replaceOnlineKeySchema = z.strictObject({
  op: z.literal('replace-online-key'),
  role: z.enum(ONLINE_ROLES),
  old: keyidSchema,
  new: newKeySchema,
});

/** The new key is appended to the role; the old one leaves it, and the root as well if no other role has it. */
const replaceKeySchema = z.strictObject({
  op: z.literal('replace-key'),
  role: offlineRoleSchema,
  old: keyidSchema,
  new: newKeySchema,
  owner: ownerSchema,
});

const removeKeySchema = z.strictObject({ op: z.literal('remove-key'), role: offlineRoleSchema, old: keyidSchema });

const addKeySchema = z.strictObject({
  op: z.literal('add-key'),
  role: offlineRoleSchema,
  new: newKeySchema,
  owner: ownerSchema,
});

/** The threshold of root is one for both repositories, that of targets can be chosen in production only. */
const setThresholdSchema = z.discriminatedUnion('role', [
  z.strictObject({
    op: z.literal('set-threshold'),
    role: z.literal('root'),
    repository: z.literal('both'),
    threshold: z.int().min(1).max(MOST_THRESHOLD),
  }),
  z.strictObject({
    op: z.literal('set-threshold'),
    role: z.literal('targets'),
    repository: z.literal('production'),
    threshold: z.int().min(1).max(MOST_THRESHOLD),
  }),
]);

const setExpiresSchema = z.strictObject({ op: z.literal('set-expires'), expires: expiresSchema });

/** `x-changelog`, which the Factory writes when the update is begun. Every new root has one of its own. */
const changelogSchema = z.strictObject({
  op: z.literal('changelog'),
  polisId: plainText(128),
  message: plainText(1024),
  timestamp: goTimeSchema,
});

const signSchema = z
  .array(keyidSchema)
  .min(1)
  .max(MOST_KEYS)
  .refine(isAscending, 'stand in ascending order, each once');

/** Production targets (by tag) and Wave targets (by Wave) that get further offline signatures, byte for byte as they are. */
const reSignSchema = z
  .strictObject({
    op: z.literal('re-sign'),
    sign: signSchema,
    tags: z.array(tagSchema).max(MOST_DOCUMENTS).refine(isAscending, 'stand in ascending order, each once'),
    waves: z.array(waveNameSchema).max(MOST_DOCUMENTS).refine(isAscending, 'stand in ascending order, each once'),
  })
  .refine(({ tags, waves }) => tags.length + waves.length > 0, 'names at least one document');

/** As `re-sign`, for a document that no offline key in force has signed: what it says is taken over with the signature. */
const adoptSchema = z.strictObject({
  op: z.literal('adopt'),
  sign: signSchema,
  tag: tagSchema,
  /** Null for the tag's production targets. */
  wave: waveNameSchema.nullable(),
  version: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is 64 lower case hex digits'),
});

/** One change that a root update makes, to both roots unless it says otherwise; JSON as it stands in a statement. */
export const rootChangeSchema = z.discriminatedUnion('op', [
  replaceOnlineKeySchema,
  replaceKeySchema,
  removeKeySchema,
  addKeySchema,
  setThresholdSchema,
  setExpiresSchema,
  changelogSchema,
  reSignSchema,
  adoptSchema,
]);

export type RootChange = z.infer<typeof rootChangeSchema>;
export type RootChangeOf<Op extends RootChange['op']> = Extract<RootChange, { op: Op }>;
export type NewKey = z.infer<typeof newKeySchema>;
export type KeyOwner = z.infer<typeof ownerSchema>;

function isAscending(names: readonly string[]): boolean {
  return names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
}
