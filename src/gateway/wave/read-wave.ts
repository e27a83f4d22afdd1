import { z } from 'zod';
import { parseWithSchema } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';
import { encodeCanonical, parseCanonical, parseTargets, type TargetsMetadata } from '../../tuf/index.js';

/** What fioctl posts for a Wave. */
export interface PostedWave {
  readonly name: string;
  readonly version: number;
  readonly tag: string;
  readonly targets: TargetsMetadata;
}

const waveSchema = z.strictObject({
  name: z.string(),
  version: z.string().regex(/^[1-9]\d{0,14}$/, 'must be a version, digits alone'),
  tag: z.string(),
  targets: z.unknown(),
});

/**
 * The body of `POST …/waves/`, read by the strict parser of documents that get signed.
 *
 * @throws JSON_…, CANONICAL_UNSAFE, METADATA_INVALID, INPUT_INVALID
 */
export function readWave(body: Buffer): PostedWave {
  const wave = parseWithSchema(waveSchema, parseCanonical(body).value, { code: 'INPUT_INVALID', what: 'Wave' });
  const targets = parseTargets(encodeCanonical(wave.targets));
  const version = Number(wave.version);
  if (targets.signed.version === version) return { name: wave.name, version, tag: wave.tag, targets };
  throw new CountersignError('INPUT_INVALID', 'the Wave is not of the version that its Targets have', {
    pointer: '/version',
  });
}

const signaturesSchema = z.strictObject({ signatures: z.unknown() });
const shownSchema = z.object({ tag: z.string(), targets: z.object({ signed: z.unknown() }) });

/**
 * The body of `POST …/waves/{wave}/sign/`, put together with the Wave as the Factory shows it.
 *
 * @param shown answer to `GET …/waves/{wave}/?show-targets=1`
 * @throws as `readWave`; FACTORY_ANSWER_INVALID
 */
export function readWaveSignatures(body: Buffer, shown: Buffer): { tag: string; targets: TargetsMetadata } {
  const posted = { code: 'INPUT_INVALID', what: 'list of signatures' } as const;
  const { signatures } = parseWithSchema(signaturesSchema, parseCanonical(body).value, posted);
  const { tag, targets } = readShown(shown);
  return { tag, targets: parseTargets(encodeCanonical({ signatures, signed: targets.signed })) };
}

function readShown(shown: Buffer): z.output<typeof shownSchema> {
  try {
    return shownSchema.parse(JSON.parse(shown.toString('utf8')));
  } catch (cause) {
    throw new CountersignError('FACTORY_ANSWER_INVALID', 'the Factory shows the Wave without its Targets', { cause });
  }
}
