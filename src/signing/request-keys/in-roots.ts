import { CountersignError, isCountersignError } from '../../errors.js';
import { keyidOf, parseRoot, type Key, type Root } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { RequestKey } from '../request-key-port.js';
import type { RootUpdateStatus } from '../root-update-port.js';

/** Keys that the signer takes at a time. */
const BATCH = 16;

/** Request keys that roots name, revoked ones too; found by their public value, whatever the roots call them. */
export function findRequestKeys(roots: readonly Root[], registered: readonly RequestKey[]): RequestKey[] {
  const named = new Set(roots.flatMap(({ keys }) => Object.values(keys).flatMap(valueOf)));
  return registered.filter(({ keyid }) => named.has(keyid));
}

/** Those that a transaction at the Factory would bring into the roots. */
export async function findStagedRequestKeys(
  context: Context,
  factory: string,
  { updated }: Pick<RootUpdateStatus, 'updated'>,
): Promise<RequestKey[]> {
  if (updated === null) return [];
  const staged = [updated.ci, updated.production].flatMap((bytes) => (bytes === null ? [] : readable(bytes)));
  return findRequestKeys(staged, await context.store.requestKeys.list(factory));
}

/**
 * Requires that new roots name no request key of any Factory. The signer refuses them too.
 *
 * @throws REQUEST_KEY_IN_ROOT
 */
export async function requireNoRequestKey(context: Context, roots: readonly Root[]): Promise<void> {
  const [found] = findRequestKeys(roots, await context.store.requestKeys.list());
  if (found === undefined) return;
  const { keyid, name } = found;
  throw new CountersignError('REQUEST_KEY_IN_ROOT', `the new roots name the request key ${keyid} of ${name}`, {
    hint: 'A request key says who asks and signs nothing that counts: use a key in a token.',
    details: { keyid, name },
  });
}

/**
 * Shows the signer all request keys before it signs a root: its journal may be one that was rebuilt, and knows none then.
 *
 * @throws SIGNER_UNAVAILABLE, JOURNAL_WRITE_FAILED
 */
export async function showRequestKeys(context: Context, factory: string): Promise<void> {
  const registered = await context.store.requestKeys.list(factory);
  for (let from = 0; from < registered.length; from += BATCH) {
    const keys = registered.slice(from, from + BATCH).map(({ key }) => key);
    try {
      await context.signer.registerRequestKeys({ factory, keys });
    } catch (error) {
      // one stands in a published root: the update may be the one that takes it out again
      if (!isCountersignError(error, 'REQUEST_KEY_REFUSED')) throw error;
      context.logger.error('the signer does not take a request key for one', { factory, error });
    }
  }
}

function valueOf(key: Key): string[] {
  try {
    return [keyidOf(key)];
  } catch (error) {
    // what no device accepts is no request key either
    if (isCountersignError(error, 'KEY_INVALID')) return [];
    throw error;
  }
}

/** What somebody else stages need not be a root at all. */
function readable(bytes: Buffer): Root[] {
  try {
    return [parseRoot(bytes).signed];
  } catch (error) {
    if (isCountersignError(error)) return [];
    throw error;
  }
}
