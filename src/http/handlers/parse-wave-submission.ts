import { waveDocumentSchema, waveIntentionSchema } from '../../api/index.js';
import { CountersignError, inPart } from '../../errors.js';
import { sourceTagSchema, tagSchema, waveNameSchema } from '../../factory/index.js';
import type { WaveSubmission } from '../../signing/index.js';
import { parseCanonical, type JsonObject, type JsonValue } from '../../tuf/index.js';
import { parseBody } from '../body/parse-body.js';
import { parseInput } from '../parse-input.js';
import type { SubmissionForm } from './submission-pointers.js';
import { withoutUndefined } from './without-undefined.js';

export interface ParsedWaveSubmission {
  readonly submission: WaveSubmission;
  readonly form: SubmissionForm;
}

const names = { name: waveNameSchema, tag: tagSchema };
const intention = waveIntentionSchema.extend({ ...names, sourceTag: sourceTagSchema.optional() });
const document = waveDocumentSchema.omit({ targets: true }).extend(names);

/**
 * A submission in either form. The bytes of the member `targets` are read by the strict parser of documents
 * that get signed, and go on in canonical form; what stands beside them is an ordinary JSON form.
 *
 * @throws INPUT_INVALID and JSON_…; for `targets` also CANONICAL_UNSAFE, all with pointers from the body's root
 */
export function parseWaveSubmission(factory: string, bytes: Buffer): ParsedWaveSubmission {
  const { value, raw } = parseBody(bytes, 'targets');
  if (raw === null) {
    return { submission: withoutUndefined({ factory, ...parseInput(intention, value, 'body') }), form: 'intention' };
  }
  const { version, ...parsed } = parseInput(document, value, 'body');
  const targets = parseTargetsMember(raw);
  const enveloped = 'signed' in targets.value;
  const signed = enveloped ? targets.value['signed'] : targets.value;
  if (version !== undefined && version !== (isObject(signed) ? signed['version'] : undefined)) {
    throw new CountersignError('INPUT_INVALID', 'version is not the one that the targets metadata has', {
      pointer: '/version',
      hint: 'Leave it out, or submit the metadata of that version.',
    });
  }
  return {
    submission: withoutUndefined({ factory, ...parsed, targets: targets.bytes }),
    form: enveloped ? 'enveloped-document' : 'bare-document',
  };
}

function parseTargetsMember(raw: Buffer): { bytes: Buffer; value: JsonObject } {
  const { bytes, value } = inPart('/targets', () => parseCanonical(raw), 'targets');
  if (isObject(value)) return { bytes, value };
  throw new CountersignError('INPUT_INVALID', 'targets must be an object: unsigned targets metadata', {
    pointer: '/targets',
  });
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
