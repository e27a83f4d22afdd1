import { z } from 'zod';
import type { Operation } from './operation.js';
import { factoryParams, idempotencyKey, json, nothing } from './operation-parts.js';
import { submitBundleBodySchema } from './schemas/bundles.js';
import { submissionSchema } from './schemas/requests.js';

/** The part of the API that is about offline bundles. */
export const BUNDLE_OPERATIONS = {
  submitBundle: {
    method: 'post',
    path: '/v1/factories/{factory}/bundles',
    summary: 'Ask for the offline signature of a bundle for devices without network',
    group: 'Requests',
    access: 'request',
    params: factoryParams,
    query: nothing,
    headers: z.object({
      'idempotency-key': idempotencyKey,
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
