import type { IdempotencyKey, InsertOutcome } from '../signing/index.js';
import type { Writer } from './connection.js';

/** What a key was used for before: the same submission, or another one. Null if it is new. */
export async function findKey(db: Writer, key: IdempotencyKey): Promise<InsertOutcome | null> {
  const row = await db
    .selectFrom('idempotency')
    .select(['request_sha256', 'request_id'])
    .where('key', '=', key.key)
    .where('caller', '=', key.caller)
    .executeTakeFirst();
  if (row === undefined) return null;
  const outcome = row.request_sha256 === key.requestSha256 ? 'idempotent' : 'idempotency-conflict';
  return { outcome, id: row.request_id };
}

export async function insertKey(db: Writer, key: IdempotencyKey, id: string, at: string): Promise<void> {
  await db
    .insertInto('idempotency')
    .values({ key: key.key, caller: key.caller, request_sha256: key.requestSha256, request_id: id, at })
    .execute();
}

export async function bindKey(db: Writer, key: IdempotencyKey, id: string, at: string): Promise<InsertOutcome> {
  const used = await findKey(db, key);
  if (used !== null) return used;
  await insertKey(db, key, id, at);
  return { outcome: 'created' };
}
