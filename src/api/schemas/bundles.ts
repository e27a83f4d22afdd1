import { z } from 'zod';
import { humanText } from './text.js';

const MAX_ROOTS = 1000;
const fileText = z.string().min(1);

/** The metadata of a folder that fioctl made, each file as the text that it is: bytes matter, since they are what is signed. */
export const submitBundleBodySchema = z
  .strictObject({
    reason: humanText.meta({ description: 'Why; officers read it before they approve', example: 'Sticks for site 7' }),
    dryRun: z
      .boolean()
      .optional()
      .meta({ description: 'Check everything, store nothing, answer what would be signed' }),
    folder: z.strictObject({
      bundle: fileText.meta({
        description: '`bundle-targets.json`; refused unless it is in canonical form as it stands',
      }),
      targets: fileText.meta({ description: '`targets.json`' }),
      roots: z
        .array(fileText)
        .min(1)
        .max(MAX_ROOTS)
        .meta({ description: '`N.root.json`, ascending; the newest published one is the last' }),
    }),
  })
  .meta({ id: 'BundleSubmission' });
export type BundleSubmissionBody = z.output<typeof submitBundleBodySchema>;

/** `bundle` of a request of that kind. */
export const requestBundleSchema = z.object({
  type: z.literal('prod'),
  tag: z.string(),
  version: z.int(),
  expires: z.string(),
  targets: z.array(z.string()),
});

/** What a bundle lets whoever holds it install. Officers' programs derive it anew from the dossier; this is for reading. */
export const bundleSummarySchema = z
  .object({
    type: z.literal('prod'),
    tag: z.string(),
    version: z.int(),
    expires: z.string(),
    targetsVersion: z.int(),
    targetsExpires: z.string(),
    targets: z.array(
      z.object({
        target: z.string(),
        version: z.string(),
        hardwareIds: z.array(z.string()),
        sha256: z.string(),
        apps: z.array(z.object({ name: z.string(), uri: z.string() })),
      }),
    ),
    places: z
      .record(z.string(), z.object({ production: z.boolean(), waves: z.array(z.string()) }))
      .nullable()
      .meta({ description: 'Where the Factory publishes each Target now; null if it could not be asked' }),
  })
  .meta({ id: 'BundleSummary' });
