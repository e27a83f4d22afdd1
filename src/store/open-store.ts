import { Kysely, Migrator, type Dialect } from 'kysely';
import { CountersignError } from '../errors.js';
import type { Store } from '../signing/index.js';
import { createBlobStore } from './blobs.js';
import { createChallengeStore } from './challenges.js';
import { createConnection, translated, type Connection } from './connection.js';
import { createEventStore, touchHead } from './events.js';
import { migrationsFor, type DialectName } from './migrations.js';
import { createRequestStore } from './requests.js';
import type { Schema } from './schema.js';
import { createSessionStore } from './sessions.js';
import { createSqliteDialect } from './sqlite-dialect.js';
import { toStoreError } from './store-error.js';
import { createTokenStore } from './tokens.js';

/** An idempotency key is remembered this long. */
const IDEMPOTENCY_LIFETIME_MS = 7 * 24 * 3600 * 1000;

/**
 * Opens the database and brings its tables up to date.
 *
 * @param url `sqlite:` and the path of a file, which is made if it is missing
 * @throws STORE_UNSUPPORTED for another kind of database; STORE_FAILED if it cannot be opened or migrated
 */
export async function openStore(url: string): Promise<Store> {
  const { name, dialect } = dialectOf(url);
  const db = new Kysely<Schema>({ dialect });
  try {
    await migrate(db, name);
  } catch (error) {
    await db.destroy().catch(() => undefined);
    throw toStoreError(error);
  }
  return assemble(createConnection(db));
}

function dialectOf(url: string): { name: DialectName; dialect: Dialect } {
  const separator = url.indexOf(':');
  const scheme = separator < 0 ? '' : url.slice(0, separator);
  const rest = url.slice(separator + 1);
  if (scheme === 'sqlite' && rest !== '') return { name: 'sqlite', dialect: createSqliteDialect(rest) };
  if (scheme === 'postgres' || scheme === 'postgresql') {
    throw new CountersignError('STORE_UNSUPPORTED', 'this version keeps its data in SQLite only', {
      hint: 'Use `database: sqlite:/path/to/file.db`.',
      details: { scheme },
    });
  }
  // The URL itself is not repeated: it may hold a password.
  throw new CountersignError('STORE_UNSUPPORTED', 'the database URL is of no known kind', {
    hint: 'Write it as `sqlite:` and the path of a file.',
  });
}

async function migrate(db: Kysely<Schema>, name: DialectName): Promise<void> {
  const migrations = migrationsFor(name);
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw toStoreError(error);
}

function assemble(connection: Connection): Store {
  return {
    requests: createRequestStore(connection),
    blobs: createBlobStore(connection),
    events: createEventStore(connection),
    tokens: createTokenStore(connection),
    sessions: createSessionStore(connection),
    challenges: createChallengeStore(connection),
    check: () => connection.write(touchHead),
    expire: (now) =>
      connection.write(async (db) => {
        const keysBefore = new Date(Date.parse(now) - IDEMPOTENCY_LIFETIME_MS).toISOString();
        await db.deleteFrom('challenges').where('expires', '<=', now).execute();
        await db.deleteFrom('sessions').where('expires', '<=', now).execute();
        await db.deleteFrom('idempotency').where('at', '<', keysBefore).execute();
      }),
    close: () => translated(() => connection.close()),
  };
}
