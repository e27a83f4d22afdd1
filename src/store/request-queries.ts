import type { RequestState, RequestStore, StoredRequest } from '../signing/index.js';
import type { Connection, Reader } from './connection.js';
import { toRequest, toState } from './rows.js';
import type { RequestRow } from './schema.js';

/** In these states a request holds its tag (or its Factory's root) against others. */
export const HOLDING: readonly RequestState[] = ['preparing', 'open', 'signed'];
/** In these it holds its claim. */
export const CLAIMING: readonly RequestState[] = [...HOLDING, 'delivered'];

type Queries = Pick<
  RequestStore,
  | 'find'
  | 'findState'
  | 'list'
  | 'findHolder'
  | 'listUnsignedBy'
  | 'findByWave'
  | 'findBundles'
  | 'listFromVersion'
  | 'listDue'
>;

export function createRequestQueries(connection: Connection): Queries {
  return {
    find: async (id) => {
      const [request] = await connection.read(async (db) =>
        complete(db, await db.selectFrom('requests').selectAll().where('id', '=', id).execute()),
      );
      return request ?? null;
    },
    findState: async (id) => {
      const row = await connection.read((db) =>
        db.selectFrom('requests').select('state').where('id', '=', id).executeTakeFirst(),
      );
      return row === undefined ? null : toState(row.state);
    },
    list: (filter) =>
      connection.read(async (db) => {
        let query = db.selectFrom('requests').selectAll();
        if (filter.state !== undefined) query = query.where('state', '=', filter.state);
        if (filter.factory !== undefined) query = query.where('factory', '=', filter.factory);
        if (filter.tag !== undefined) {
          const { tag } = filter;
          query = query.where((eb) => eb.or([eb('wave_tag', '=', tag), eb('bundle_tag', '=', tag)]));
        }
        if (filter.cursor !== undefined) query = query.where('id', '<', filter.cursor);
        if (filter.waitingFor !== undefined) {
          const person = filter.waitingFor;
          query = query
            .where('state', '=', 'open')
            .where('requester_name', '!=', person)
            .where((eb) =>
              eb.not(
                eb.exists(
                  eb
                    .selectFrom('approvals')
                    .select('person')
                    .whereRef('approvals.request_id', '=', 'requests.id')
                    .where('person', '=', person),
                ),
              ),
            );
        }
        // One more than asked for tells whether there is a next page.
        const rows = await query
          .orderBy('id', 'desc')
          .limit(filter.limit + 1)
          .execute();
        const items = await complete(db, rows.slice(0, filter.limit));
        return { items, next: rows.length > filter.limit ? (items.at(-1)?.id ?? null) : null };
      }),
    findHolder: async (factory, tag) => {
      const [request] = await connection.read(async (db) =>
        complete(
          db,
          await db
            .selectFrom('requests')
            .selectAll()
            .where('kind', '=', 'wave')
            .where('factory', '=', factory)
            .where('wave_tag', '=', tag)
            .where('state', 'in', [...HOLDING])
            .execute(),
        ),
      );
      return request ?? null;
    },
    listUnsignedBy: (requestKeys) =>
      connection.read(async (db) => {
        const rows = await db
          .selectFrom('requests')
          .selectAll()
          .where('request_key', 'in', [...requestKeys])
          .where('state', 'in', ['preparing', 'open'])
          .orderBy('id')
          .execute();
        return complete(db, rows);
      }),
    findByWave: (factory, tag, name, version) =>
      connection.read(async (db) =>
        complete(
          db,
          await db
            .selectFrom('requests')
            .selectAll()
            .where('factory', '=', factory)
            .where('wave_tag', '=', tag)
            .where('wave_name', '=', name)
            .where('wave_version', '=', version)
            .orderBy('id', 'desc')
            .execute(),
        ),
      ),
    findBundles: (factory, sha256) =>
      connection.read(async (db) =>
        complete(
          db,
          await db
            .selectFrom('requests')
            .selectAll()
            .where('kind', '=', 'bundle')
            .where('factory', '=', factory)
            .where((eb) =>
              eb.exists(
                eb
                  .selectFrom('request_blobs')
                  .select('request_blobs.request_id')
                  .whereRef('request_blobs.request_id', '=', 'requests.id')
                  .where('part', '=', 'document')
                  .where('sha256', '=', sha256),
              ),
            )
            .orderBy('id', 'desc')
            .execute(),
        ),
      ),
    listFromVersion: (factory, tag, version) =>
      connection.read(async (db) =>
        complete(
          db,
          await db
            .selectFrom('requests')
            .selectAll()
            .where('factory', '=', factory)
            .where('wave_tag', '=', tag)
            .where('wave_version', '>=', version)
            .orderBy('id', 'desc')
            .execute(),
        ),
      ),
    listDue: ({ now, latest, never }, { after, limit }) =>
      connection.read(async (db) => {
        const rows = await db
          .selectFrom('requests')
          .selectAll()
          .where('id', '>', after)
          .where((eb) =>
            eb.or([
              eb('state', 'in', [...HOLDING]),
              // of a bundle there is nothing to tell: it is published nowhere
              eb.and([eb('state', '=', 'delivered'), eb('signer_told', 'is', null), eb('kind', '!=', 'bundle')]),
              eb.and([
                eb('kind', '=', 'root'),
                eb('state', 'in', ['closed', 'abandoned']),
                eb.exists(
                  eb
                    .selectFrom('root_updates')
                    .select('root_updates.id')
                    .whereRef('root_updates.id', '=', 'requests.id')
                    .where((or) => or.or([or('root_updates.state', '!=', 'ended'), or('rebuild_wanted', '=', 1)])),
                ),
              ]),
            ]),
          )
          .where((eb) =>
            eb.or([
              eb('next_attempt', 'is', null),
              eb('next_attempt', '<=', now),
              eb.and([eb('next_attempt', '>', latest), eb('next_attempt', '<', never)]),
              // `expires` has whole seconds, and compares with a time cut to them
              eb.and([eb('state', '=', 'open'), eb('expires', '<=', `${now.slice(0, 19)}Z`)]),
            ]),
          )
          .orderBy('id')
          .limit(limit)
          .execute();
        return complete(db, rows);
      }),
  };
}

/** Adds to the rows which blobs they are made of, and what else a root update has. */
export async function complete(db: Reader, rows: readonly RequestRow[]): Promise<StoredRequest[]> {
  if (rows.length === 0) return [];
  const parts = await db
    .selectFrom('request_blobs')
    .selectAll()
    .where(
      'request_id',
      'in',
      rows.map((row) => row.id),
    )
    .execute();
  const byRequest = new Map<string, typeof parts>();
  for (const part of parts) {
    const known = byRequest.get(part.request_id);
    if (known === undefined) byRequest.set(part.request_id, [part]);
    else known.push(part);
  }
  const roots = rows.filter((row) => row.kind === 'root').map((row) => row.id);
  const updates =
    roots.length === 0 ? [] : await db.selectFrom('root_updates').selectAll().where('id', 'in', roots).execute();
  const updateOf = new Map(updates.map((update) => [update.id, update]));
  return rows.map((row) => toRequest(row, byRequest.get(row.id) ?? [], updateOf.get(row.id)));
}
