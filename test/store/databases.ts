import { describe } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresDatabase, HAS_POSTGRES } from '../support/postgres.js';

/** A kind of database that the store's suite runs over. */
export interface TestDatabase {
  readonly kind: string;
  /** A new, empty database; `url` can be opened by several connections and processes. */
  create(): Promise<{ url: string; drop(): Promise<void> }>;
}

export const SQLITE: TestDatabase = {
  kind: 'SQLite',
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-store-'));
    return {
      url: `sqlite:${join(directory, 'service.db')}`,
      drop: () => rm(directory, { recursive: true, force: true }),
    };
  },
};

const POSTGRES: TestDatabase = { kind: 'PostgreSQL', create: () => createPostgresDatabase() };

/** The same tests over each kind of database; skipped where PostgreSQL is not installed. */
export function describeOver(title: string, tests: (database: TestDatabase) => void): void {
  describe(`${title} over ${SQLITE.kind}`, () => tests(SQLITE));
  (HAS_POSTGRES ? describe : describe.skip)(`${title} over ${POSTGRES.kind}`, () => tests(POSTGRES));
}
