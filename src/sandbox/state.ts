import { z } from 'zod';
import { onlineKeySchema, onlineKeysSchema } from './online-keys.js';

/**
 * All that a sandbox knows, as one value. Documents are kept as the canonical text that was signed, never as parsed
 * objects: what is served tomorrow is byte for byte what was served today.
 */

const changeSchema = z.strictObject({ at: z.string(), by: z.string() });

const waveSchema = z.strictObject({
  name: z.string(),
  version: z.int(),
  tag: z.string(),
  /** `needs-signatures` until the production root's threshold is met; such a Wave is not for devices yet. */
  status: z.enum(['needs-signatures', 'active', 'complete', 'canceled']),
  /** Targets metadata with the signatures it has so far. */
  targets: z.string(),
  created: changeSchema,
  updated: changeSchema.nullable(),
  rolloutGroups: z.array(z.strictObject({ id: z.int(), name: z.string(), created: changeSchema })),
  rolloutHistory: z.array(
    z.strictObject({
      group: z.string().nullable(),
      whole: z.boolean(),
      devices: z.int(),
      at: z.string(),
      by: z.string(),
    }),
  ),
  /** UUIDs of the devices it was rolled out to. */
  rolledOut: z.array(z.string()),
});

const deviceSchema = z.strictObject({
  uuid: z.string(),
  name: z.string(),
  group: z.string().nullable(),
  hardwareId: z.string(),
  online: z.boolean(),
  /** Version of the last Wave it installed. */
  version: z.int().nullable(),
});

export const signatureSchema = z.strictObject({
  keyid: z.string().max(200),
  method: z.string().max(100),
  sig: z.string().max(10_000),
});

/** A root update from its begin on: what `GET root/updates` calls `updated`, and what is published with it. */
const rootUpdateSchema = z.strictObject({
  txid: z.string(),
  firstTime: z.boolean(),
  /** As the server wrote it into the roots. */
  changelog: z.strictObject({ message: z.string(), 'polis-id': z.string(), timestamp: z.string() }),
  created: changeSchema,
  updated: changeSchema.nullable(),
  /** While it is being applied: how many more reads of it there will be before it is; null before that. */
  readsUntilApplied: z.int().nullable(),
  /** Root metadata; a Factory that is not owned yet has no production root before somebody stages one. */
  ci: z.string(),
  production: z.string().nullable(),
  /** Online keys that take the place of those in force. */
  onlineKeys: z.strictObject({
    targets: onlineKeySchema.optional(),
    snapshot: onlineKeySchema.optional(),
    timestamp: onlineKeySchema.optional(),
  }),
  /** Signatures to publish with the roots, by tag and by Wave. */
  targetsSignatures: z.record(z.string(), z.array(signatureSchema)),
  wavesSignatures: z.record(z.string(), z.array(signatureSchema)),
});

export const stateSchema = z.strictObject({
  format: z.literal(1),
  factory: z.string(),
  keys: onlineKeysSchema,
  /** Root metadata, version 1 first. */
  roots: z.strictObject({ ci: z.array(z.string()).min(2), production: z.array(z.string()).min(2) }),
  /** The one root update that is under way. */
  rootUpdate: rootUpdateSchema.nullable().default(null),
  ciTargets: z.string(),
  /** Targets metadata by tag. */
  productionTargets: z.record(z.string(), z.string()),
  /** Oldest first. */
  waves: z.array(waveSchema),
  groups: z.array(z.strictObject({ id: z.int(), name: z.string() })),
  devices: z.array(deviceSchema),
});

export type SandboxState = z.output<typeof stateSchema>;
export type RootUpdate = z.output<typeof rootUpdateSchema>;
export type SandboxWave = SandboxState['waves'][number];
export type SandboxDevice = SandboxState['devices'][number];
