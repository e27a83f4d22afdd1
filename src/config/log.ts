import { z } from 'zod';

export const logSchema = z
  .strictObject({
    level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    style: z.enum(['json', 'text']).default('json'),
  })
  .prefault({});
