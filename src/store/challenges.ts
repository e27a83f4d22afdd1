import type { ChallengeStore } from '../signing/index.js';
import type { Connection } from './connection.js';

export function createChallengeStore(connection: Connection): ChallengeStore {
  return {
    create: (challenge) =>
      connection.write(async (db) => {
        await db
          .insertInto('challenges')
          .values({ ...challenge })
          .execute();
      }),
    consume: (sha256, now) =>
      connection.write(async (db) => {
        const row = await db.deleteFrom('challenges').where('sha256', '=', sha256).returningAll().executeTakeFirst();
        return row === undefined || row.expires <= now ? null : row;
      }),
  };
}
