import { tagSchema, waveNameSchema } from '../../factory/index.js';
import { CountersignError } from '../../errors.js';

/** `production` is the tag's production targets, `production:w1` the targets of its Wave w1. @throws USAGE */
export function parseAdopted(text: string): { tag: string; wave: string | null } {
  const [tag, wave, ...rest] = text.split(':');
  if (
    rest.length === 0 &&
    tagSchema.safeParse(tag).success &&
    (wave === undefined || waveNameSchema.safeParse(wave).success)
  ) {
    return { tag: tag ?? '', wave: wave ?? null };
  }
  throw new CountersignError('USAGE', `--adopt: ${text} is no tag, nor a tag and a Wave like production:w1`);
}
