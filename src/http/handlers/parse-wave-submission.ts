import { waveDocumentSchema, waveIntentionSchema } from '../../api/index.js';
import { CountersignError, isCountersignError } from '../../errors.js';
import { sourceTagSchema, tagSchema, waveNameSchema } from '../../factory/index.js';
import type { WaveSubmission } from '../../signing/index.js';
import { parseCanonical, type JsonValue } from '../../tuf/index.js';
import { parseBody } from '../body/parse-body.js';
import { parseInput } from '../parse-input.js';

const names = { name: waveNameSchema, tag: tagSchema };
const intention = waveIntentionSchema.extend({ ...names, sourceTag: sourceTagSchema.optional() });
const document = waveDocumentSchema.omit({ targets: true }).extend(names);

/**
 * A submission in either form. The bytes of the member `targets` are read by the strict parser of documents
 * that get signed, and go on in canonical form; what stands beside them is an ordinary JSON form.
 *
 * @throws INPUT_INVALID and JSON_…; for `targets` also CANONICAL_UNSAFE, all with pointers from the body's root
 */
export function parseWaveSubmission(factory: string, bytes: Buffer): WaveSubmission {
  const { value, raw } = parseBody(bytes, 'targets');
  if (raw === null) return withoutUndefined({ factory, ...parseInput(intention, value, 'body') });
  const { version, ...form } = parseInput(document, value, 'body');
  const targets = parseTargetsMember(raw);
  const stated = statedVersion(targets.value);
  if (version !== undefined && version !== stated) {
    throw new CountersignError('INPUT_INVALID', 'version is not the one that the targets metadata has', {
      pointer: '/version',
      hint: 'Leave it out, or submit the metadata of that version.',
    });
  }
  return withoutUndefined({ factory, ...form, targets: targets.bytes });
}

function parseTargetsMember(raw: Buffer): { bytes: Buffer; value: JsonValue } {
  try {
    const parsed = parseCanonical(raw);
    if (typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value)) return parsed;
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw new CountersignError(error.code, `targets: ${error.message}`, {
      pointer: `/targets${error.pointer ?? ''}`,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    });
  }
  throw new CountersignError('INPUT_INVALID', 'targets must be an object: unsigned targets metadata', {
    pointer: '/targets',
  });
}

function statedVersion(value: JsonValue): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const signed = value['signed'] ?? value;
  return typeof signed !== 'object' || Array.isArray(signed) ? undefined : signed['version'];
}

/** Members that are not there are left out, as optional members want it. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
