import { CountersignError } from '../errors.js';
import type { NewRootTransaction, RootTransaction, RootUpdateStore, StoredRequest } from '../signing/index.js';
import { putBlob } from './blobs.js';
import type { Connection, Reader, Writer } from './connection.js';
import { lockOpen } from './decisions.js';
import { addSignatures } from './signed-parts.js';
import { appendEvent } from './events.js';
import { complete, HOLDING } from './request-queries.js';
import { toExternalSignature, toRootTransaction } from './rows.js';
import type { Part, RequestRow, RootUpdateChange } from './schema.js';

export function createRootUpdateStore(connection: Connection): RootUpdateStore {
  return {
    begin: (transaction) => connection.write((db) => begin(db, transaction)),
    takeOver: (id, from, to) => connection.write((db) => changeBeginning(db, id, from, to)),
    recordBegun: (id, attempt, begun, event) =>
      connection.write(async (db) => {
        if (!(await changeBeginning(db, id, attempt, begun))) return false;
        await appendEvent(db, event);
        return true;
      }),
    transaction: (id) => connection.read((db) => find(db, id)),
    listForsaken: async (before) => {
      const rows = await connection.read((db) =>
        db
          .selectFrom('root_updates')
          .selectAll()
          .where('state', '=', 'beginning')
          .where('at', '<', before)
          .orderBy('id')
          .execute(),
      );
      return rows.map(toRootTransaction);
    },
    markApplySent: (id, at) =>
      connection.write(async (db) => {
        await db.updateTable('root_updates').set({ apply_sent: at }).where('id', '=', id).execute();
      }),
    end: (id, event) =>
      connection.write(async (db) => {
        if (await end(db, id)) await appendEvent(db, event);
      }),
    markRebuilt: (id, as, event) =>
      connection.write(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('root_updates')
          .set({ rebuild_wanted: 0, rebuilt_as: as })
          .where('id', '=', id)
          .where('rebuild_wanted', '=', 1)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        await appendEvent(db, event);
        return true;
      }),
    addExternals: (id, signatures, event) =>
      connection.write(async (db) => {
        if (!(await lockOpen(db, id))) return 'state';
        await db
          .insertInto('external_signatures')
          .values(signatures.map((signature) => ({ request_id: id, ...signature })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await appendEvent(db, event);
        return 'added';
      }),
    externals: async (id) => {
      const rows = await connection.read((db) =>
        db
          .selectFrom('external_signatures')
          .selectAll()
          .where('request_id', '=', id)
          .orderBy('document')
          .orderBy('keyid')
          .execute(),
      );
      return rows.map(toExternalSignature);
    },
    addSignatures: (id, part, event) => connection.write((db) => addSignatures(db, id, part, event)),
    findHolder: async (factory) => {
      const requests = await ofFactory(connection, factory);
      return requests.find(({ state }) => HOLDING.includes(state)) ?? null;
    },
    list: (factory) => ofFactory(connection, factory),
  };
}

/** Gives a transaction its request. @throws REQUEST_OPEN_EXISTS another attempt has it by now, or it was ended */
export async function openTransaction(db: Writer, id: string, attempt: string): Promise<void> {
  if (await changeBeginning(db, id, attempt, { state: 'open' })) return;
  throw new CountersignError('REQUEST_OPEN_EXISTS', 'the same was asked for at the same time', { hint: 'Ask again.' });
}

/** Changes a transaction that is being begun by this attempt. @returns false if it is not, or not by this one any more */
async function changeBeginning(db: Writer, id: string, attempt: string, change: RootUpdateChange): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('root_updates')
    .set(change)
    .where('id', '=', id)
    .where('state', '=', 'beginning')
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function putPublishedRoots(
  db: Writer,
  id: string,
  { ci, production }: { ci: Buffer; production: Buffer },
): Promise<void> {
  const parts: readonly (readonly [Part, Buffer])[] = [
    ['published-root-ci', ci],
    ['published-root-production', production],
  ];
  for (const [part, bytes] of parts) {
    const row = { request_id: id, part, position: 0, sha256: await putBlob(db, bytes) };
    await db.insertInto('request_blobs').values(row).execute();
  }
  await end(db, id);
}

export async function markRebuildWanted(db: Writer, id: string): Promise<void> {
  await db.updateTable('root_updates').set({ rebuild_wanted: 1 }).where('id', '=', id).execute();
}

async function begin(db: Writer, transaction: NewRootTransaction): Promise<RootTransaction | null> {
  const { own, rebuiltFrom, submissionSha256, ...columns } = transaction;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('root_updates')
    .values({
      ...columns,
      state: 'beginning',
      own: own ? 1 : 0,
      txid: '',
      salt: '',
      submission_sha256: submissionSha256,
      apply_sent: null,
      rebuilt_from: rebuiltFrom,
      rebuilt_as: null,
      rebuild_wanted: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 1n) return null;
  const row = await db
    .selectFrom('root_updates')
    .selectAll()
    .where('factory', '=', transaction.factory)
    .where('state', '!=', 'ended')
    .executeTakeFirstOrThrow();
  return toRootTransaction(row);
}

async function find(db: Reader, id: string): Promise<RootTransaction | null> {
  const row = await db.selectFrom('root_updates').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toRootTransaction(row);
}

/** The secret is of no use any more, and not kept. */
async function end(db: Writer, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('root_updates')
    .set({ state: 'ended', txid: '' })
    .where('id', '=', id)
    .where('state', '!=', 'ended')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

function ofFactory(connection: Connection, factory: string): Promise<StoredRequest[]> {
  return connection.read(async (db) => {
    const rows: RequestRow[] = await db
      .selectFrom('requests')
      .selectAll()
      .where('kind', '=', 'root')
      .where('factory', '=', factory)
      .orderBy('id', 'desc')
      .execute();
    return complete(db, rows);
  });
}
