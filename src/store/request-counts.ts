import type { RequestStore } from '../signing/index.js';
import type { Connection } from './connection.js';

type Counts = Pick<RequestStore, 'countByState' | 'countApprovals'>;

/** What the metrics ask for at every scrape. */
export function createRequestCounts(connection: Connection): Counts {
  return {
    countByState: async () => {
      const rows = await connection.read((db) =>
        db
          .selectFrom('requests')
          .select(['factory', 'kind', 'state'])
          .select(({ fn }) => [fn.countAll().as('count'), fn.min('since').as('oldest')])
          .groupBy(['factory', 'kind', 'state'])
          .execute(),
      );
      return rows.map(({ count, ...row }) => ({ ...row, count: Number(count) }));
    },
    countApprovals: async () => {
      const rows = await connection.read((db) =>
        db
          .selectFrom('approvals')
          .innerJoin('requests', 'requests.id', 'approvals.request_id')
          .select('requests.factory')
          .select(({ fn }) => fn.countAll().as('count'))
          .groupBy('requests.factory')
          .execute(),
      );
      return rows.map(({ factory, count }) => ({ factory, count: Number(count) }));
    },
  };
}
