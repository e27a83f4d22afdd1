import { Kysely, Migrator, sql, type Dialect } from 'kysely';
import { CountersignError } from '../errors.js';
import type { Store } from '../signing/index.js';
import { createBlobStore } from './blobs.js';
import { createChallengeStore } from './challenges.js';
import { createConnection, translated, type Connection } from './connection.js';
import { createEventStore, touchHead } from './events.js';
import { createGatewayDraftStore } from './gateway-drafts.js';
import { migrationsFor, type DialectName } from './migrations.js';
import { createRequestKeyStore } from './request-keys.js';
import { createRequestStore } from './requests.js';
import { createRootUpdateStore } from './root-updates.js';
import type { Schema } from './schema.js';
import { createSessionStore } from './sessions.js';
import { createSqliteDialect } from './sqlite-dialect.js';
import { toStoreError } from './store-error.js';
import { createTokenStore } from './tokens.js';

/** An idempotency key is remembered this long. */
const IDEMPOTENCY_LIFETIME_MS = 7 * 24 * 3600 * 1000;
/** A draft that nobody touches is forgotten after this long. */
const DRAFT_LIFETIME_MS = 30 * 24 * 3600 * 1000;

/**
 * Opens the database and brings its tables up to date. Several processes may do so at once.
 *
 * @param url `sqlite:` and the path of a file, which is made if it is missing; or `postgres://user@host/database`
 * @param options.password the database user's, if the URL has none
 * @throws STORE_UNSUPPORTED for another kind of database; STORE_FAILED if it cannot be opened, migrated or written
 */
export async function openStore(url: string, options: { password?: string } = {}): Promise<Store> {
  const { name, dialect } = await dialectOf(url, options.password);
  const called = name === 'sqlite' ? `the database ${url.slice('sqlite:'.length)}` : 'the database';
  const db = new Kysely<Schema>({ dialect });
  try {
    if (name === 'postgres') await requireUnicode(db);
    await migrate(db, name, called);
    // SQLite opens what it can only read without a word
    if (name === 'sqlite') await db.transaction().execute(touchHead);
  } catch (error) {
    await db.destroy().catch(() => undefined);
    throw toStoreError(error, called);
  }
  return assemble(createConnection(db));
}

async function dialectOf(url: string, password: string | undefined): Promise<{ name: DialectName; dialect: Dialect }> {
  const separator = url.indexOf(':');
  const scheme = separator < 0 ? '' : url.slice(0, separator);
  const rest = url.slice(separator + 1);
  if (scheme === 'sqlite' && rest !== '') return { name: 'sqlite', dialect: createSqliteDialect(rest) };
  if ((scheme === 'postgres' || scheme === 'postgresql') && rest.startsWith('//')) {
    const { createPostgresDialect } = await import('./postgres-dialect.js');
    return { name: 'postgres', dialect: createPostgresDialect(url, password) };
  }
  // The URL itself is not repeated: it may hold a password.
  throw new CountersignError('STORE_UNSUPPORTED', 'the database URL is of no known kind', {
    hint: 'Write `sqlite:` and the path of a file, or `postgres://user@host/database`.',
  });
}

/** In another encoding some statements could not be stored, or would come back as other bytes than were signed. */
async function requireUnicode(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ server_encoding: string }>`show server_encoding`.execute(db);
  const encoding = rows[0]?.server_encoding ?? 'unknown';
  if (encoding === 'UTF8') return;
  throw new CountersignError('STORE_UNSUPPORTED', `the database keeps its texts as ${encoding}, not as UTF8`, {
    hint: "Make it anew: create database … encoding 'UTF8' template template0.",
    details: { encoding },
  });
}

async function migrate(db: Kysely<Schema>, name: DialectName, called: string): Promise<void> {
  const migrations = migrationsFor(name);
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw toStoreError(error, called);
}

function assemble(connection: Connection): Store {
  return {
    requests: createRequestStore(connection),
    rootUpdates: createRootUpdateStore(connection),
    blobs: createBlobStore(connection),
    events: createEventStore(connection),
    tokens: createTokenStore(connection),
    sessions: createSessionStore(connection),
    challenges: createChallengeStore(connection),
    requestKeys: createRequestKeyStore(connection),
    gatewayDrafts: createGatewayDraftStore(connection),
    check: () => connection.write(touchHead),
    expire: (now) =>
      connection.write(async (db) => {
        const before = (lifetimeMs: number) => new Date(Date.parse(now) - lifetimeMs).toISOString();
        await db.deleteFrom('challenges').where('expires', '<=', now).execute();
        await db.deleteFrom('sessions').where('expires', '<=', now).execute();
        await db.deleteFrom('idempotency').where('at', '<', before(IDEMPOTENCY_LIFETIME_MS)).execute();
        await db.deleteFrom('gateway_drafts').where('at', '<', before(DRAFT_LIFETIME_MS)).execute();
      }),
    close: () => translated(() => connection.close()),
  };
}
