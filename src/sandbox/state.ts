import { z } from 'zod';
import { onlineKeysSchema } from './online-keys.js';

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

export const stateSchema = z.strictObject({
  format: z.literal(1),
  factory: z.string(),
  keys: onlineKeysSchema,
  /** Root metadata, version 1 first. */
  roots: z.strictObject({ ci: z.array(z.string()).min(2), production: z.array(z.string()).min(2) }),
  ciTargets: z.string(),
  /** Targets metadata by tag. */
  productionTargets: z.record(z.string(), z.string()),
  /** Oldest first. */
  waves: z.array(waveSchema),
  groups: z.array(z.strictObject({ id: z.int(), name: z.string() })),
  devices: z.array(deviceSchema),
});

export type SandboxState = z.output<typeof stateSchema>;
export type SandboxWave = SandboxState['waves'][number];
export type SandboxDevice = SandboxState['devices'][number];
