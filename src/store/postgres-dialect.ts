import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresCursor,
  type PostgresDialectConfig,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { CountersignError } from '../errors.js';

/** Any fixed number will do, as long as every version of this program takes the same. */
const WRITE_LOCK = '7166450985412690301';

/**
 * How long what may take: the server itself ends what is too slow, and the client gives up a little later, when the
 * server is not heard of any more. A replica that stands still inside a transaction holds the others up only so long.
 */
const TIMES = {
  connectionTimeoutMillis: 10_000,
  lock_timeout: 15_000,
  idle_in_transaction_session_timeout: 15_000,
  statement_timeout: 60_000,
  query_timeout: 70_000,
};

/**
 * @param url `postgres://user@host:port/database`, with libpq's parameters behind a `?`
 * @param password stands in for one in the URL
 * @throws STORE_UNSUPPORTED if it is no such URL; its text is repeated nowhere, for it may hold a password
 */
export function createPostgresDialect(url: string, password?: string): PostgresDialect {
  const connectionString = password === undefined ? url : withPassword(url, password);
  try {
    // Only looks at it: nothing is connected yet.
    new pg.Client({ connectionString });
  } catch {
    throw new CountersignError(
      'STORE_UNSUPPORTED',
      'the database URL is not of the form postgres://user@host/database',
      {
        hint: 'Write special characters in it as %XX. Certificates that it names have to be there.',
      },
    );
  }
  const pool = (): Promise<PostgresPool> => Promise.resolve(createPool(connectionString));
  return new LockingPostgresDialect({ pool });
}

/** As a parameter, for that works for every form of the URL, also those of a Unix socket. */
function withPassword(url: string, password: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}password=${encodeURIComponent(password)}`;
}

function createPool(connectionString: string): PostgresPool {
  const pool = new pg.Pool({
    fallback_application_name: 'countersign',
    keepAlive: true,
    max: 10,
    ...TIMES,
    connectionString,
  });
  // Without listeners a connection that breaks while nothing is asked of it would end the process. The pool lets such
  // a one go, and whoever asks something of it gets the error as an answer.
  pool.on('error', noop);
  pool.on('connect', (client) => client.on('error', noop));
  return {
    connect: async () => new GuardedClient(await pool.connect()),
    end: () => pool.end(),
  };
}

function noop(): void {
  // See above.
}

/**
 * A connection goes back to the pool only when it is surely outside of a transaction. One that was given up on in the
 * middle of something is closed instead: the next user would otherwise find itself in a stranger's transaction.
 */
class GuardedClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #lost = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    values: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new TypeError('nothing is read through cursors');
    return this.#ask(text, values);
  }

  async #ask<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const client: PostgresPoolClient = this.#client;
    let result: PostgresQueryResult<R>;
    try {
      result = await client.query<R>(text, values);
    } catch (error) {
      // Anything but the server's own answer: nobody knows what it is doing now.
      this.#lost ||= !(error instanceof pg.DatabaseError);
      throw error;
    }
    // The server answers the commit of a failed transaction by undoing it, and calls that no error.
    const done: string = result.command;
    if (text === 'commit' && done !== 'COMMIT') {
      throw new CountersignError('STORE_FAILED', 'the database undid a transaction instead of committing it');
    }
    return result;
  }

  release(): void {
    this.#client.release(this.#lost || this.#client.getTransactionStatus() !== 'I');
  }
}

/**
 * Transactions that write run one after the other, over all replicas: each takes one lock when it begins and holds it
 * to its end, as SQLite's do. What a transaction has read cannot change before it writes, and none is ever undone
 * because of another. (They would meet at the end of the event log anyway, which nearly each of them moves.)
 * READ COMMITTED because every statement then sees what those before it, in other replicas, have committed.
 */
class LockingPostgresDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin isolation level read committed'));
    try {
      await connection.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${WRITE_LOCK})`));
    } catch (error) {
      await connection.executeQuery(CompiledQuery.raw('rollback'));
      throw error;
    }
  }
}

class LockingPostgresDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new LockingPostgresDriver(this.#config);
  }
}
