import { z } from 'zod';
import { encodeCanonical, parseRoot, parseTargets } from '../../../src/tuf/index.js';

/**
 * What fioctl reads of an answer, taken out of it: it has to be there, and of that form. Everything that goes into a signature goes
 * through the strict parsers.
 */
export function readByFioctl({ method, path }: { method: string; path: string }, answer: unknown): unknown {
  const [, call = ''] = /\/(?:user_repo|factories\/[^/]+)(\/.*)$/.exec(path) ?? [];
  const [, read = z.unknown()] = ANSWERS.find(([pattern]) => pattern.test(`${method} ${call}`)) ?? [];
  return read.parse(answer);
}

const rootSchema = z.unknown().transform((root) => parseRoot(encodeCanonical(root)));
const rootTextSchema = z.string().transform((text) => parseRoot(Buffer.from(text)));
const targetsSchema = z.unknown().transform((document) => parseTargets(encodeCanonical(document)));
const notesSchema = z.array(z.object({ message: z.string().min(1) }));
const issuesSchema = z.object({ errors: notesSchema, warnings: notesSchema });
const keySchema = z.object({ keytype: z.enum(['RSA', 'ED25519']), keyval: z.object({ public: z.string().min(64) }) });
const entrySchema = z.object({
  length: z.int(),
  hashes: z.object({ sha256: z.string() }),
  custom: z.record(z.string(), z.unknown()),
});
const noTransactionSchema = z.object({
  status: z.literal('NONE'),
  current: z.object({ 'ci-root': rootTextSchema }),
  issues: issuesSchema,
});
const transactionSchema = z.object({
  status: z.literal('STARTED'),
  current: z.object({ 'ci-root': rootTextSchema }),
  updated: z.object({
    'ci-root': rootTextSchema,
    'prod-root': z.union([z.literal(''), rootTextSchema]),
    'online-keys': z.object({ targets: z.string() }),
  }),
  amendments: notesSchema,
  issues: issuesSchema,
});
const waveSchema = z.object({
  ...{ name: z.string(), version: z.string(), tag: z.string(), status: z.string() },
  ...{ 'rollout-groups': z.object({}), 'rollout-history': z.array(z.unknown()), 'change-meta': z.object({}) },
});

/** By method and path; of the other calls fioctl reads the status alone. */
const ANSWERS: readonly (readonly [RegExp, z.ZodType])[] = [
  [/^GET \/(\d+\.)?root\.json$/, rootSchema],
  [/^GET \/root\/updates$/, z.discriminatedUnion('status', [noTransactionSchema, transactionSchema])],
  [/^POST \/root\/updates$/, z.object({ txid: z.string().min(1) })],
  [/^GET \/users\/self\/$/, z.object({ 'polis-id': z.string().min(1) })],
  [/^GET \/(prod|wave)-targets\/$/, z.record(z.string(), targetsSchema)],
  [/^GET \/targets\/$/, z.record(z.string(), entrySchema)],
  [/^GET \/ci-targets\.pub$/, keySchema],
  [/^GET \/waves\/$/, z.object({ waves: z.array(waveSchema), total: z.int(), next: z.unknown() })],
  [/^GET \/waves\/[^/]+\/$/, waveSchema],
  [/^GET \/waves\/[^/]+\/status\/$/, z.object({ name: z.string(), version: z.int() })],
  [/^POST \/waves\/[^/]+\/rollout\/$/, z.object({ 'device-num': z.int() })],
];
