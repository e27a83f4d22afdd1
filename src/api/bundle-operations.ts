import { z } from 'zod';
import type { Operation } from './operation.js';
import { submitBundleBodySchema } from './schemas/bundles.js';
import { submissionSchema } from './schemas/requests.js';
import { MEDIA_TYPES } from './wire.js';

const json = (schema: z.ZodType) => ({ [MEDIA_TYPES.json]: schema });

/** The part of the API that is about offline bundles. */
export const BUNDLE_OPERATIONS = {
  submitBundle: {
    method: 'post',
    path: '/v1/factories/{factory}/bundles',
    summary: 'Ask for the offline signature of a bundle for devices without network',
    group: 'Requests',
    access: 'request',
    params: z.strictObject({ factory: z.string().min(1).max(200) }),
    query: z.strictObject({}),
    headers: z.object({
      'idempotency-key': z
        .string()
        .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters without blanks')
        .optional()
        .meta({ description: 'A repeat with the same key and body is answered with the same request' }),
    }),
    body: { schema: submitBundleBodySchema, as: 'bytes' },
    answers: {
      200: {
        description: 'It is signed already; see `/signed`. With `dryRun`: what would be signed',
        content: json(submissionSchema),
        headers: { Location: 'The request' },
      },
      202: {
        description: 'The request waits for its officers',
        content: json(submissionSchema),
        headers: { Location: 'The request', 'Retry-After': 'Seconds' },
      },
    },
    problems: [404, 409, 413, 422, 502, 503],
  },
} as const satisfies Record<string, Operation>;
