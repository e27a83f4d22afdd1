import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseWithSchema } from '../approval/index.js';
import { statementKeySchema, type StatementKey } from '../dossier/index.js';
import { CountersignError } from '../errors.js';

const heldKeySchema = z.strictObject({
  _type: z.literal('countersign/held-key'),
  spec: z.literal(1),
  /** For which, and by which service (SHA-256 of policy version 1), the key has proved itself. */
  factory: z.string(),
  service: z.string(),
  key: statementKeySchema,
});

/** What one machine tells another of a key in one of its tokens: nothing of it is secret. */
export type HeldKey = z.output<typeof heldKeySchema>;

/** As a file of one JSON object. */
export function formatHeldKey(held: HeldKey): string {
  return `${JSON.stringify(held, null, 2)}\n`;
}

/** The key of a file that `key export` wrote; its proof is the service's to verify. @throws INPUT_INVALID, USAGE */
export function readHeldKey(path: string): StatementKey {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CountersignError('USAGE', `${path} is no file that countersign key export wrote`, {
      details: { path },
      cause,
    });
  }
  return parseWithSchema(heldKeySchema, value, { code: 'INPUT_INVALID', what: path }).key;
}
