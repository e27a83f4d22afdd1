import { z } from 'zod';
import { ERROR_CODES } from '../../errors.js';
import { CKR_ACTIONS } from '../pkcs11/ckr.js'; // the table alone: the folder's index loads native code
import { KEY_ROLES, KEY_TYPES } from '../token-types.js';

/**
 * What signer and worker say to each other over the IPC channel. A worker works off one request at a time and answers
 * each with `done` or `failed`, before which of many signatures come `some`. The PIN never crosses: the worker is told the file's path and reads it itself.
 */

const moduleSchema = z.strictObject({
  path: z.string(),
  libraryParameters: z.string().exactOptional(),
});

const generateSchema = z.strictObject({
  factory: z.string(),
  role: z.enum(KEY_ROLES),
  type: z.enum(KEY_TYPES),
  /** Keyids of the same role that are in use already and so do not count as standby keys. */
  consumed: z.array(z.string()),
  force: z.boolean(),
});
export type GenerateRequest = z.output<typeof generateSchema>;

const taskSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    module: moduleSchema,
    selector: z.strictObject({ label: z.string().exactOptional(), serial: z.string().exactOptional() }),
    pinFile: z.string(),
    stateDir: z.string(),
  }),
  z.strictObject({ type: z.literal('sign'), keyid: z.string(), payload: z.custom<Uint8Array>(isBytes) }),
  /** The payloads, of so many bytes each, come through their pipe (`payload-pipe.ts`). */
  z.strictObject({ type: z.literal('sign-all'), keyid: z.string(), lengths: z.array(z.int().min(0)) }),
  z.strictObject({ type: z.literal('canary'), keyid: z.string(), payload: z.custom<Uint8Array>(isBytes) }),
  z.strictObject({ type: z.literal('prove'), keyid: z.string(), payload: z.custom<Uint8Array>(isBytes) }),
  z.strictObject({ type: z.literal('keys') }),
  z.strictObject({ type: z.literal('generate'), request: generateSchema }),
  z.strictObject({ type: z.literal('destroy'), keyid: z.string() }),
  z.strictObject({ type: z.literal('generate-canary'), keyType: z.enum(KEY_TYPES) }),
  z.strictObject({
    type: z.literal('init-token'),
    module: moduleSchema,
    label: z.string(),
    soPinFile: z.string(),
    userPinFile: z.string(),
  }),
  z.strictObject({ type: z.literal('close') }),
]);
export type WorkerTask = z.output<typeof taskSchema>;
export type TaskOf<T extends WorkerTask['type']> = Extract<WorkerTask, { type: T }>;

export const requestSchema = z.strictObject({ id: z.int(), task: taskSchema });
export type WorkerRequest = z.output<typeof requestSchema>;

const publicKeySchema = z.object({
  keytype: z.enum(['RSA', 'ED25519']),
  keyval: z.object({ public: z.string() }),
});
const canaryKeySchema = z.object({ keyid: z.string(), key: publicKeySchema });
const attributeSchema = z.boolean().nullable();
const tokenKeySchema = z.object({
  keyid: z.string(),
  key: publicKeySchema,
  keytype: z.enum(['RSA', 'ED25519']),
  role: z.enum(KEY_ROLES),
  factory: z.string(),
  token: z.object({ label: z.string(), serial: z.string() }),
  ckaId: z.string(),
  ckaLabel: z.string(),
  attributes: z.object({
    sensitive: attributeSchema,
    extractable: attributeSchema,
    alwaysSensitive: attributeSchema,
    neverExtractable: attributeSchema,
    local: attributeSchema,
  }),
  maxMessageBytes: z.int().nullable(),
});

const signatureSchema = z.object({ keyid: z.string(), method: z.string(), sig: z.string() });
const keysSchema = z.object({ keys: z.array(tokenKeySchema), canary: canaryKeySchema.nullable() });

/** What `done` carries, for each task. */
export const resultSchemas = {
  open: keysSchema.extend({ label: z.string(), serial: z.string() }),
  sign: z.object({ signature: signatureSchema }),
  'sign-all': z.object({ signatures: z.array(signatureSchema) }),
  canary: z.object({ signature: signatureSchema }),
  prove: z.object({ signature: signatureSchema }),
  keys: keysSchema,
  generate: z.object({ key: tokenKeySchema }),
  destroy: z.object({ destroyed: z.boolean() }),
  'generate-canary': z.object({ canary: canaryKeySchema }),
  'init-token': z.object({ label: z.string(), serial: z.string() }),
  close: z.object({}),
} as const satisfies Record<WorkerTask['type'], z.ZodType>;
export type WorkerResult<T extends WorkerTask['type']> = z.output<(typeof resultSchemas)[T]>;

const errorWireSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  pointer: z.string().exactOptional(),
  hint: z.string().exactOptional(),
  details: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]))
    .optional(),
});

export const messageSchema = z.discriminatedUnion('type', [
  /** The process runs; it has not loaded any module yet. */
  z.object({ type: z.literal('hello') }),
  /** Signatures of a `sign-all` that are made; `done` brings the last ones. */
  z.object({ type: z.literal('some'), id: z.int(), result: z.unknown() }),
  z.object({ type: z.literal('done'), id: z.int(), result: z.unknown() }),
  z.object({ type: z.literal('failed'), id: z.int(), error: errorWireSchema, action: z.enum(CKR_ACTIONS) }),
]);
export type WorkerMessage = z.output<typeof messageSchema>;

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
