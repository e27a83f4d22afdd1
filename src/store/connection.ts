import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.js';
import { isUndone, toStoreError } from './store-error.js';

/** So often a transaction is begun that the database undid because of others. */
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 5;

export type Reader = Kysely<Schema>;
export type Writer = Transaction<Schema>;

/** The database as the stores use it: single reads, and transactions that write. Driver errors become STORE_FAILED. */
export interface Connection {
  read<T>(work: (db: Reader) => Promise<T>): Promise<T>;
  /**
   * One transaction. `work` awaits nothing but the database, for others wait for the lock it holds, and changes nothing
   * else: it is run again when the database undid what it did.
   */
  write<T>(work: (db: Writer) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createConnection(db: Kysely<Schema>): Connection {
  return {
    read: (work) => translated(() => work(db)),
    write: (work) => translated(() => repeated(() => db.transaction().execute(work))),
    close: () => translated(() => db.destroy()),
  };
}

/** Each transaction has the lock for itself, so only programs other than this one can be the cause. */
async function repeated<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (!isUndone(error) || attempt === ATTEMPTS) throw error;
    }
    const pauseMs = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error);
  }
}
