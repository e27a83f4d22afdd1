import { CountersignError } from '../errors.js';
import type { Context } from './context.js';
import type { Caller } from './service.js';
import type { IdempotencyKey, StoredRequest } from './store-port.js';

interface Submission {
  readonly idempotencyKey?: string;
  readonly dryRun?: boolean;
}

/**
 * The key of a submission; null if it came with none, and for a dry run, which leaves nothing to come back to.
 *
 * @param requestSha256 what a repeat must have in common with it
 */
export function idempotencyKeyOf(
  { idempotencyKey, dryRun }: Submission,
  requestSha256: string,
  caller: Caller,
): IdempotencyKey | null {
  if (idempotencyKey === undefined || dryRun === true) return null;
  return { key: idempotencyKey, caller: `${caller.kind}:${caller.name}`, requestSha256 };
}

/**
 * The request that was made, or answered with, when the key came before; null if it did not.
 *
 * @throws IDEMPOTENCY_CONFLICT it came with something else
 */
export async function findByIdempotencyKey(
  context: Context,
  key: IdempotencyKey | null,
): Promise<StoredRequest | null> {
  if (key === null) return null;
  const { requests } = context.store;
  const used = await requests.findIdempotencyKey(key.key, key.caller);
  if (used === null) return null;
  if (used.requestSha256 === key.requestSha256) return requests.find(used.id);
  throw conflict(used.id);
}

/**
 * Remembers that a submission was answered with a request that was there before it.
 *
 * @throws IDEMPOTENCY_CONFLICT its key came with something else meanwhile
 */
export async function bindIdempotencyKey(
  context: Context,
  key: IdempotencyKey | null,
  { id }: Pick<StoredRequest, 'id'>,
): Promise<void> {
  if (key === null) return;
  const bound = await context.store.requests.bindIdempotencyKey(key, id, context.clock.now().toISOString());
  if (bound.outcome === 'idempotency-conflict') throw conflict(bound.id);
}

function conflict(request: string): CountersignError {
  return new CountersignError('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key came before with another submission', {
    hint: 'Use a new key for a new submission.',
    details: { request },
  });
}
