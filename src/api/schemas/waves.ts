import { z } from 'zod';
import { humanText, timeText } from './text.js';

const version = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(200);

const common = {
  name: name.meta({ description: 'Name of the Wave', example: 'release-42' }),
  tag: name.meta({ description: 'Production tag', example: 'production' }),
  reason: humanText.meta({
    description: 'Why; officers read it before they approve',
    example: 'Security fixes of June',
  }),
  dryRun: z.boolean().optional().meta({ description: 'Check everything, store nothing, answer what would be signed' }),
};

/** "Wave `name`: version `version` for tag `tag`". */
export const waveIntentionSchema = z
  .strictObject({
    ...common,
    version: version.meta({ description: 'Version of the CI targets', example: 42 }),
    prune: z.array(version).max(1000).optional().meta({ description: 'Versions to drop from the tag' }),
    sourceTag: name.optional().meta({ description: 'Take only CI targets with this tag' }),
    expires: timeText.optional().meta({ description: 'When the metadata expires; a year from now if left out' }),
  })
  .meta({ id: 'WaveIntention' });
export type WaveIntentionBody = z.output<typeof waveIntentionSchema>;

/** The unsigned targets metadata itself, `{signatures, signed}` or only `signed`; it is taken as the bytes that were sent. */
export const waveDocumentSchema = z
  .strictObject({
    ...common,
    version: version.optional().meta({ description: 'Must be the version that `targets` has' }),
    targets: z.looseObject({}).meta({
      description:
        'Unsigned targets metadata. Its bytes matter: duplicate members, floats and characters outside of the safe subset are refused with a pointer',
    }),
  })
  .meta({ id: 'WaveDocument' });

export const submitWaveBodySchema = z.union([waveIntentionSchema, waveDocumentSchema]).meta({ id: 'WaveSubmission' });
