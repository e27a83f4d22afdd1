import { z } from 'zod';

const call = {
  method: z.enum(['GET', 'POST', 'PUT']),
  /** The path and query below the Factory, as in `/root/updates/apply` or `/waves/*`; `*` stands for anything. */
  path: z.string().min(1).max(200),
  /** How many such calls are let through before. */
  skip: z.int().min(0).max(1_000_000).default(0),
  /** How many calls it happens to. */
  count: z.int().min(1).max(1_000_000).default(1),
};
const when = z.enum(['before', 'after']);

/** Lies about roots and targets, each with everything else as it is. */
const LIES = [
  'online-key', // another online targets key than the server's own
  'lower-threshold', // of root, and of production targets
  'foreign-key', // one more targets key
  'longer-expiry',
  'drop-changelog',
  'forged-targets', // production and Wave targets with other contents, signed online
] as const;

/**
 * Something that goes wrong with calls. `before` is before the call has its effect, `after` once it had it and only the answer is
 * missing.
 */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), ...call, ms: z.int().min(1).max(3_600_000) }),
  z.strictObject({ kind: z.literal('error'), ...call, when, status: z.int().min(400).max(599).default(500) }),
  z.strictObject({ kind: z.literal('cut'), ...call, when }),
  /** Reads see what was there when the fault was put in. */
  z.strictObject({ kind: z.literal('stale'), ...call }),
  /** For the call of apply: the update is seen APPLYING by as many reads of it. */
  z.strictObject({ kind: z.literal('applying'), ...call, reads: z.int().min(1).max(1_000_000) }),
  /** `staged` lies about the update under way, `published` about the newest roots; targets are lied about either way. */
  z.strictObject({
    kind: z.literal('hostile'),
    ...call,
    lie: z.enum(LIES),
    about: z.enum(['staged', 'published']).default('staged'),
  }),
]);

export type Fault = z.output<typeof faultSchema>;
/** As a fault is asked for: what has a default may be left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type Lie = (typeof LIES)[number];
