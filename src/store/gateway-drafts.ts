import type { GatewayDraft, GatewayDraftStore } from '../signing/index.js';
import type { Connection } from './connection.js';
import { toInteger } from './rows.js';

export function createGatewayDraftStore(connection: Connection): GatewayDraftStore {
  return {
    find: async (factory, polisId) => {
      const row = await connection.read((db) =>
        db
          .selectFrom('gateway_drafts')
          .selectAll()
          .where('factory', '=', factory)
          .where('polis_id', '=', polisId)
          .executeTakeFirst(),
      );
      if (row === undefined) return null;
      const { polis_id, revision, ...columns } = row;
      return { ...columns, polisId: polis_id, revision: toInteger(revision, 'gateway_drafts') };
    },
    create: (draft) =>
      connection.write(async (db) => {
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('gateway_drafts')
          .values(toRow(draft))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return numInsertedOrUpdatedRows === 1n;
      }),
    replace: (draft) =>
      connection.write(async (db) => {
        const { text, at, revision } = draft;
        const { numUpdatedRows } = await db
          .updateTable('gateway_drafts')
          .set({ text, at, revision })
          .where('factory', '=', draft.factory)
          .where('polis_id', '=', draft.polisId)
          .where('id', '=', draft.id)
          .where('revision', '=', revision - 1)
          .executeTakeFirst();
        return numUpdatedRows === 1n;
      }),
    remove: ({ factory, polisId, id }) =>
      connection.write(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('gateway_drafts')
          .where('factory', '=', factory)
          .where('polis_id', '=', polisId)
          .where('id', '=', id)
          .executeTakeFirst();
        return numDeletedRows === 1n;
      }),
  };
}

function toRow({ polisId, ...draft }: GatewayDraft) {
  return { ...draft, polis_id: polisId };
}
