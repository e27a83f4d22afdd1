import type { NewEvent, StoredApproval, StoredRejection } from '../signing/index.js';
import type { Writer } from './connection.js';
import { appendEvent } from './events.js';

type Outcome = 'added' | 'exists' | 'state';

/**
 * Touches the open request's row, which holds its lock until the transaction ends: an approval cannot slip in
 * beside a move to another state.
 */
export async function lockOpen(db: Writer, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('requests')
    .set({ next_attempt: null })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function addApproval(db: Writer, id: string, approval: StoredApproval, event: NewEvent): Promise<Outcome> {
  const open = await lockOpen(db, id);
  const before = await db
    .selectFrom('approvals')
    .select('person')
    .where('request_id', '=', id)
    .where('person', '=', approval.person)
    .executeTakeFirst();
  if (before !== undefined) return 'exists';
  if (!open) return 'state';
  await db
    .insertInto('approvals')
    .values({ request_id: id, ...approval })
    .execute();
  await appendEvent(db, event);
  return 'added';
}

export async function addRejection(
  db: Writer,
  id: string,
  rejection: Omit<StoredRejection, 'vetoed' | 'vetoRefused'>,
  events: readonly NewEvent[],
): Promise<Outcome> {
  const open = await lockOpen(db, id);
  const before = await db
    .selectFrom('rejections')
    .select('person')
    .where('request_id', '=', id)
    .where('person', '=', rejection.person)
    .executeTakeFirst();
  if (before !== undefined) return 'exists';
  if (!open) return 'state';
  await db
    .insertInto('rejections')
    .values({ request_id: id, ...rejection, vetoed: null, veto_refused: null })
    .execute();
  await db
    .updateTable('requests')
    .set({ state: 'closed', closed_because: 'rejected', since: rejection.at, last_error: null, attempts: 0 })
    .where('id', '=', id)
    .execute();
  for (const event of events) await appendEvent(db, event);
  return 'added';
}

export async function markVetoed(
  db: Writer,
  id: string,
  person: string,
  at: string,
  event: NewEvent,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('rejections')
    .set({ vetoed: at })
    .where('request_id', '=', id)
    .where('person', '=', person)
    .where('vetoed', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await appendEvent(db, event);
  return true;
}

export async function markVetoRefused(db: Writer, id: string, person: string, code: string): Promise<void> {
  await db
    .updateTable('rejections')
    .set({ veto_refused: code })
    .where('request_id', '=', id)
    .where('person', '=', person)
    .execute();
}
