import { z } from 'zod';

/** Every error answer: `application/problem+json` (RFC 9457). `code` is what programs look at. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: '`urn:countersign:error:` and the code' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong with this request, for people' }),
    code: z.string().meta({ description: 'Stable; programs may rely on it', example: 'WAVE_VERSION_UNKNOWN' }),
    pointer: z.string().optional().meta({ description: 'JSON pointer (RFC 6901) into the request body' }),
    hint: z.string().optional().meta({ description: 'What to do next' }),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
    instance: z.string().optional().meta({ description: 'The request id, as in `X-Request-Id` and the log' }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problemSchema>;

export const PROBLEM_TYPE_PREFIX = 'urn:countersign:error:';
