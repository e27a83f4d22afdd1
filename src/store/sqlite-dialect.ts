import Database from 'better-sqlite3';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type Driver,
} from 'kysely';
import { isBusy } from './store-error.js';

/** How long a writer waits for another process's transaction before it gives up. */
const BUSY_DEADLINE_MS = 15_000;
/** The library waits with the whole process standing still, so only this long; then the event loop turns. */
const BUSY_BLOCKING_MS = 20;

export function createSqliteDialect(path: string): SqliteDialect {
  return new ImmediateSqliteDialect({ database: () => openDatabase(path) });
}

async function openDatabase(path: string): Promise<Database.Database> {
  const database = new Database(path, { timeout: BUSY_BLOCKING_MS });
  try {
    database.defaultSafeIntegers(true);
    // Turning a new file to WAL needs it alone for a moment; another process may be at the same.
    await retryWhileBusy(() => database.pragma('journal_mode = WAL'));
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Transactions take the write lock when they begin. With SQLite's own default a transaction that has read and
 * then wants to write fails as soon as another process wrote in between, and no waiting helps.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await retryWhileBusy(() => connection.executeQuery(CompiledQuery.raw('begin immediate')));
  }

  /** A full or failing disk makes SQLite roll back by itself; that there is nothing left to undo must not hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection);
    } catch (error) {
      if (!isNoTransaction(error)) throw error;
    }
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: ConstructorParameters<typeof SqliteDialect>[0];

  constructor(config: ConstructorParameters<typeof SqliteDialect>[0]) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new ImmediateSqliteDriver(this.#config);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }
}

/**
 * SQLite's DDL is transactional; said so, the migrator runs inside one immediate transaction, and a second
 * process that starts at the same time waits and then finds the tables made.
 */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function isNoTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no transaction is active');
}

async function retryWhileBusy<T>(attempt: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + BUSY_DEADLINE_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    const jitteredMs = pauseMs * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, jitteredMs));
  }
}
