import { z } from 'zod';
import { parseWithSchema, sha256Schema } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import { factoryNameSchema } from '../factory/index.js';
import { parseCanonical } from '../tuf/index.js';

/**
 * What a verifier trusts before it reads anything: set by hand from digests told over another channel,
 * never taken from a dossier or a service.
 */
export interface Pins {
  /** Hex SHA-256 of the canonical `signed` of policy version 1; it also names the service. */
  readonly policySha256: string;
  /** For each Factory, hex SHA-256 of the canonical `signed` of its first trusted root. */
  readonly firstRootSha256: Readonly<Record<string, string>>;
}

const pinsSchema = z.strictObject({
  spec: z.literal(1),
  policySha256: sha256Schema,
  roots: z.record(factoryNameSchema, sha256Schema),
});

const MAX_PINS_BYTES = 1024 * 1024;

/**
 * Parses a pins file: `{"spec":1,"policySha256":…,"roots":{"acme":…}}`, in any JSON layout.
 *
 * @throws CONFIG_INVALID not such a file
 */
export function parsePins(input: Uint8Array | string): Pins {
  const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input;
  let value: unknown;
  try {
    value = parseCanonical(bytes, { maxBytes: MAX_PINS_BYTES }).value;
  } catch (cause) {
    throw new CountersignError('CONFIG_INVALID', 'the file of pins is not plain JSON', {
      cause,
      hint: 'Write it anew with countersign trust.',
    });
  }
  const { policySha256, roots } = parseWithSchema(pinsSchema, value, { code: 'CONFIG_INVALID', what: 'file of pins' });
  return { policySha256, firstRootSha256: roots };
}

/** The text of a pins file; Factories in alphabetical order, so that two of them can be compared. */
export function serializePins(pins: Pins): string {
  const roots = Object.fromEntries(
    Object.entries(pins.firstRootSha256).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
  return `${JSON.stringify({ spec: 1, policySha256: pins.policySha256, roots }, null, 2)}\n`;
}

/** @throws PINS_MISSING nothing was pinned for this Factory */
export function pinnedRoot(pins: Pins, factory: string): string {
  const sha256 = Object.hasOwn(pins.firstRootSha256, factory) ? pins.firstRootSha256[factory] : undefined;
  if (sha256 !== undefined) return sha256;
  throw new CountersignError('PINS_MISSING', `no first root is trusted for the Factory ${factory}`, {
    hint: 'Get the digest of its first root over another channel and pin it with countersign trust.',
    details: { factory },
  });
}
