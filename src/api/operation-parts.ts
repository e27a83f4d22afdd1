import { z } from 'zod';
import { requestIdText } from './schemas/text.js';
import { MEDIA_TYPES } from './wire.js';

/** What many operations have in common. */
export const nothing = z.strictObject({});
export const noHeaders = z.object({});
export const factoryParams = z.strictObject({ factory: z.string().min(1).max(200) });
export const requestParams = z.strictObject({ id: requestIdText });
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters without blanks')
  .optional()
  .meta({ description: 'A repeat with the same key and body is answered with the same request' });

export const json = (schema: z.ZodType) => ({ [MEDIA_TYPES.json]: schema });
