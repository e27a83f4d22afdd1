import { describe } from '@jest/globals';
import { createPostgresDatabase, HAS_POSTGRES } from '../support/postgres.js';
import { SQLITE, type TestDatabase } from './sqlite-database.js';

const POSTGRES: TestDatabase = {
  kind: 'PostgreSQL',
  create: async () => {
    const made = await createPostgresDatabase();
    return {
      url: made.url,
      run: async (sql) => {
        await made.ask(sql);
      },
      drop: () => made.drop(),
    };
  },
};

/** The same tests over each kind of database; skipped where PostgreSQL is not installed. */
export function describeOver(title: string, tests: (database: TestDatabase) => void): void {
  describe(`${title} over ${SQLITE.kind}`, () => tests(SQLITE));
  (HAS_POSTGRES ? describe : describe.skip)(`${title} over ${POSTGRES.kind}`, () => tests(POSTGRES));
}
