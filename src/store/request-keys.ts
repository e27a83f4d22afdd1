import type { AddRequestKeysOutcome, RequestKey, RequestKeyStore } from '../signing/index.js';
import type { Connection, Reader, Writer } from './connection.js';
import { appendEvent } from './events.js';
import { toRequestKey } from './rows.js';

export function createRequestKeyStore(connection: Connection): RequestKeyStore {
  return {
    add: (keys, event) =>
      connection.write(async (db) => {
        const taken = await findTaken(db, keys);
        if (taken !== null) return taken;
        await db.insertInto('request_keys').values(keys.map(toColumns)).execute();
        await appendEvent(db, event);
        return 'added';
      }),
    findSet: async (id) => {
      const rows = await connection.read((db) =>
        inOrder(db)
          .where('key_set', 'in', (eb) =>
            eb
              .selectFrom('request_keys')
              .select('key_set')
              .where((or) => or.or([or('key_set', '=', id), or('id', '=', id)])),
          )
          .execute(),
      );
      return rows.map(toRequestKey);
    },
    listActive: async (factory, polisId) => {
      const rows = await connection.read((db) =>
        inOrder(db)
          .where('factory', '=', factory)
          .where('polis_id', '=', polisId)
          .where('revoked', 'is', null)
          .execute(),
      );
      return rows.map(toRequestKey);
    },
    list: async (factory) => {
      const rows = await connection.read((db) => {
        const all = inOrder(db);
        return (factory === undefined ? all : all.where('factory', '=', factory)).execute();
      });
      return rows.map(toRequestKey);
    },
    revoke: (set, at, event) =>
      connection.write(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('request_keys')
          .set({ revoked: at })
          .where('key_set', '=', set)
          .where('revoked', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return false;
        await appendEvent(db, event);
        return true;
      }),
  };
}

/** As they were registered, a set together. */
function inOrder(db: Reader) {
  return db
    .selectFrom('request_keys')
    .selectAll()
    .orderBy('created')
    .orderBy('key_set')
    .orderBy('role')
    .orderBy('keytype');
}

/** Writers come one after another, so what is not taken now is not taken when it is inserted. */
async function findTaken(db: Writer, keys: readonly RequestKey[]): Promise<AddRequestKeysOutcome | null> {
  for (const { factory, polisId, keyid } of keys) {
    const account = db
      .selectFrom('request_keys')
      .select('id')
      .where('factory', '=', factory)
      .where('polis_id', '=', polisId)
      .where('revoked', 'is', null);
    if ((await account.executeTakeFirst()) !== undefined) return 'account';
    const key = db.selectFrom('request_keys').select('id').where('keyid', '=', keyid);
    if ((await key.executeTakeFirst()) !== undefined) return 'key';
  }
  return null;
}

function toColumns(key: RequestKey) {
  return {
    id: key.id,
    key_set: key.set,
    name: key.name,
    kind: key.kind,
    polis_id: key.polisId,
    factory: key.factory,
    role: key.role,
    keytype: key.key.keytype,
    public: key.key.keyval.public,
    keyid: key.keyid,
    created: key.created,
    revoked: key.revoked,
  };
}
