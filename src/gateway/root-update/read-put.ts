import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import { tagSchema, waveNameSchema } from '../../factory/index.js';
import { encodeCanonical, parseCanonical, parseRoot, type RootMetadata, type Signature } from '../../tuf/index.js';

const signatureSchema = z.object({
  keyid: z.string().min(1).max(128),
  method: z.string().max(64),
  sig: z.string().max(4096),
});
const signaturesSchema = z.array(signatureSchema).max(100);
const putSchema = z.strictObject({
  txid: z.string().max(100),
  'ci-root': z.unknown(),
  'prod-root': z.unknown(),
  'targets-signatures': z.record(tagSchema, signaturesSchema).default({}),
  'waves-signatures': z.record(waveNameSchema, signaturesSchema).default({}),
});

/** What fioctl puts: both roots, always, and signatures over targets documents. */
export interface PutRoots {
  readonly txid: string;
  readonly ci: RootMetadata;
  readonly production: RootMetadata;
  /** By tag. */
  readonly targetsSignatures: Readonly<Record<string, readonly Signature[]>>;
  /** By Wave. */
  readonly wavesSignatures: Readonly<Record<string, readonly Signature[]>>;
}

/**
 * @param body as it came; roots in any order of members
 * @throws INPUT_INVALID, and as parseRoot for the roots
 */
export function readPut(body: Uint8Array): PutRoots {
  const put = parseBody(putSchema, body);
  return {
    txid: put.txid,
    ci: rootOf(put['ci-root']),
    production: rootOf(put['prod-root']),
    targetsSignatures: put['targets-signatures'],
    wavesSignatures: put['waves-signatures'],
  };
}

/**
 * A body of one of fioctl's calls, by its schema.
 *
 * @throws INPUT_INVALID, and as parseCanonical
 */
export function parseBody<T extends z.ZodType>(schema: T, body: Uint8Array): z.output<T> {
  const result = schema.safeParse(parseCanonical(body).value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const pointer = (issue?.path ?? []).map((step) => `/${String(step)}`).join('');
  throw new CountersignError('INPUT_INVALID', `${pointer === '' ? 'the body' : pointer}: ${issue?.message ?? ''}`, {
    pointer,
  });
}

function rootOf(value: unknown): RootMetadata {
  if (typeof value === 'object' && value !== null) return parseRoot(encodeCanonical(value));
  throw new CountersignError('INPUT_INVALID', 'both roots have to be there');
}
