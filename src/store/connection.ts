import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.js';
import { toStoreError } from './store-error.js';

export type Reader = Kysely<Schema>;
export type Writer = Transaction<Schema>;

/** The database as the stores use it: single reads, and transactions that write. Driver errors become STORE_FAILED. */
export interface Connection {
  read<T>(work: (db: Reader) => Promise<T>): Promise<T>;
  /** One transaction. `work` awaits nothing but the database: others wait for the lock it holds. */
  write<T>(work: (db: Writer) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createConnection(db: Kysely<Schema>): Connection {
  return {
    read: (work) => translated(() => work(db)),
    write: (work) => translated(() => db.transaction().execute(work)),
    close: () => translated(() => db.destroy()),
  };
}

export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error);
  }
}
