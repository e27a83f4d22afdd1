import type { SessionStore } from '../signing/index.js';
import type { Connection } from './connection.js';
import { appendEvent } from './events.js';

export function createSessionStore(connection: Connection): SessionStore {
  return {
    create: (session, event) =>
      connection.write(async (db) => {
        const { secretSha256, ...columns } = session;
        await db
          .insertInto('sessions')
          .values({ ...columns, secret_sha256: secretSha256 })
          .execute();
        await appendEvent(db, event);
      }),
    find: async (id) => {
      const row = await connection.read((db) =>
        db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      if (row === undefined) return null;
      const { secret_sha256, ...columns } = row;
      return { ...columns, secretSha256: secret_sha256 };
    },
    end: (id, event) =>
      connection.write(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('sessions').where('id', '=', id).executeTakeFirst();
        if (numDeletedRows !== 1n) return false;
        await appendEvent(db, event);
        return true;
      }),
  };
}
