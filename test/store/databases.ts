import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A kind of database that the store's suite runs over. */
export interface TestDatabase {
  readonly kind: string;
  /** A new, empty database; `url` can be opened by several connections and processes. */
  create(): Promise<{ url: string; drop(): Promise<void> }>;
}

export const TEST_DATABASES: readonly TestDatabase[] = [
  {
    kind: 'SQLite',
    create: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'countersign-store-'));
      return {
        url: `sqlite:${join(directory, 'service.db')}`,
        drop: () => rm(directory, { recursive: true, force: true }),
      };
    },
  },
];
