import { z } from 'zod';
import { parseWithSchema, timeSchema } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import { reasonSchema } from '../dossier/index.js';
import {
  applyWave,
  diffWave,
  factoryNameSchema,
  readWaveChanges,
  sourceTagSchema,
  tagSchema,
  waveNameSchema,
  writeWaveChanges,
  type WaveBase,
  type WaveChange,
} from '../factory/index.js';
import {
  encodeCanonical,
  encodeText,
  parseCanonical,
  parseTargetsSigned,
  sha256Hex,
  type Targets,
} from '../tuf/index.js';
import type { WaveSubmission } from './service.js';

const commonSchema = z.object({
  factory: factoryNameSchema,
  name: waveNameSchema,
  tag: tagSchema,
  reason: reasonSchema,
});

const MAX_PRUNED = 1000;

const intentionSchema = commonSchema.extend({
  version: z.int().min(1),
  prune: z.array(z.int().min(1)).max(MAX_PRUNED).optional(),
  sourceTag: sourceTagSchema.optional(),
  expires: timeSchema.optional(),
});

/** A submission of either form, checked for itself and ready to be worked out over a base. */
export interface ParsedSubmission {
  readonly factory: string;
  readonly name: string;
  readonly tag: string;
  readonly reason: string;
  readonly version: number;
  /** What a repeat under the same Idempotency-Key must have in common with it. */
  readonly sha256: string;
  /**
   * The changes that it makes to a base. `expires` stands in where the submission leaves it open.
   * @throws WAVE_…
   */
  changes(base: WaveBase, expires: string): WaveChange[];
  /**
   * Whether a document made from `changes` over `base` is what was submitted. A submitted document's own `expires`
   * does not count: tools write another each time they are run.
   */
  isSame(document: Buffer, changes: readonly WaveChange[], base: WaveBase): boolean;
}

/** @throws INPUT_INVALID and, for a submitted document, what parsing targets metadata throws */
export function parseSubmission(submission: WaveSubmission): ParsedSubmission {
  return 'targets' in submission ? parseDocument(submission) : parseIntention(submission);
}

function parseIntention(submission: Exclude<WaveSubmission, { targets: Buffer }>): ParsedSubmission {
  const { factory, name, tag, reason, version, sourceTag, expires, ...parsed } = narrow(intentionSchema, submission);
  const prune = [...new Set(parsed.prune ?? [])].sort((a, b) => a - b);
  const write = (otherwise: string) =>
    writeWaveChanges({ version, sourceTag: sourceTag ?? null, pruned: prune, expires: expires ?? otherwise });
  return {
    ...{ factory, name, tag, reason, version },
    sha256: digestOf({ factory, name, tag, reason, version, prune, sourceTag, expires }),
    changes: (_base, otherwise) => write(otherwise),
    isSame: (document, changes, base) => applyWave(write(readWaveChanges(changes).expires), tag, base).equals(document),
  };
}

function parseDocument(submission: Extract<WaveSubmission, { targets: Buffer }>): ParsedSubmission {
  const { factory, name, tag, reason } = narrow(commonSchema, submission);
  const { signed, sha256 } = parseTargetsSigned(signedMemberOf(submission.targets));
  const targets = encodeCanonical(signed.targets);
  return {
    ...{ factory, name, tag, reason, version: signed.version },
    sha256: digestOf({ factory, name, tag, reason, document: sha256 }),
    changes: (base) => diffWave(signed, tag, base),
    isSame: (document) => encodeCanonical(targetsOf(document)).equals(targets),
  };
}

/** The document may come alone or as `{signed, signatures}`; signatures are not looked at. */
function signedMemberOf(bytes: Buffer): Buffer {
  const { value } = parseCanonical(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('signed' in value)) return bytes;
  const extra = Object.keys(value).find((member) => member !== 'signed' && member !== 'signatures');
  if (extra === undefined) return encodeCanonical(value['signed']);
  throw new CountersignError('METADATA_INVALID', 'metadata has the members signed and signatures only', {
    pointer: '',
    details: { member: extra },
  });
}

function targetsOf(document: Buffer): Targets['targets'] {
  return parseTargetsSigned(document).signed.targets;
}

function narrow<T>(schema: z.ZodType<T>, submission: WaveSubmission): T {
  return parseWithSchema(schema, submission, { code: 'INPUT_INVALID', what: 'submission' });
}

function digestOf(members: Record<string, string | number | readonly number[] | undefined>): string {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return sha256Hex(encodeText(Object.fromEntries(given)));
}
