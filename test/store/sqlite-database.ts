import Database from 'better-sqlite3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A kind of database that the store's suite runs over. */
export interface TestDatabase {
  readonly kind: string;
  /** A new, empty database; `url` can be opened by several connections and processes. */
  create(): Promise<CreatedDatabase>;
}

export interface CreatedDatabase {
  readonly url: string;
  /** Statements of somebody with a connection of their own, past the program. */
  run(sql: string): Promise<void>;
  drop(): Promise<void>;
}

export const SQLITE: TestDatabase = {
  kind: 'SQLite',
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-store-'));
    const file = join(directory, 'service.db');
    return {
      url: `sqlite:${file}`,
      run: (sql) => {
        const db = new Database(file);
        try {
          db.exec(sql);
        } finally {
          db.close();
        }
        return Promise.resolve();
      },
      drop: () => rm(directory, { recursive: true, force: true }),
    };
  },
};
