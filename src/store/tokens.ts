import { CountersignError } from '../errors.js';
import type { TokenStore } from '../signing/index.js';
import type { Connection } from './connection.js';
import { appendEvent } from './events.js';
import { toToken } from './rows.js';

const TOUCH_EVERY_MS = 60_000;

export function createTokenStore(connection: Connection): TokenStore {
  return {
    create: (token, event) =>
      connection.write(async (db) => {
        // A name whose token has expired is free again.
        await db
          .updateTable('tokens')
          .set((eb) => ({ revoked: eb.ref('expires') }))
          .where('name', '=', token.name)
          .where('revoked', 'is', null)
          .where('expires', '<=', token.created)
          .execute();
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('tokens')
          .values({
            id: token.id,
            name: token.name,
            kind: token.kind,
            person: token.person,
            scopes: token.scopes.join(' '),
            secret_sha256: token.secretSha256,
            created: token.created,
            expires: token.expires,
            revoked: null,
            last_used: null,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) {
          throw new CountersignError('INPUT_INVALID', `there is a token named ${token.name} already`, {
            pointer: '/name',
            hint: 'Revoke that one first, or take another name.',
          });
        }
        await appendEvent(db, event);
      }),
    find: async (id) => {
      const row = await connection.read((db) =>
        db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      return row === undefined ? null : toToken(row);
    },
    list: async () => {
      const rows = await connection.read((db) =>
        db.selectFrom('tokens').selectAll().orderBy('created').orderBy('id').execute(),
      );
      return rows.map(toToken);
    },
    revoke: (id, at, event) =>
      connection.write(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('tokens')
          .set({ revoked: at })
          .where('id', '=', id)
          .where('revoked', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        await appendEvent(db, event);
        return true;
      }),
    touch: async (id, at) => {
      const before = new Date(Date.parse(at) - TOUCH_EVERY_MS).toISOString();
      const row = await connection.read((db) =>
        db.selectFrom('tokens').select('last_used').where('id', '=', id).executeTakeFirst(),
      );
      if (row === undefined || (row.last_used !== null && row.last_used > before)) return;
      await connection.write((db) => db.updateTable('tokens').set({ last_used: at }).where('id', '=', id).execute());
    },
  };
}
