import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';

const SERVER = fileURLToPath(new URL('./postgres-server.mjs', import.meta.url));

/** A new, empty database of the tests' own PostgreSQL. */
export interface PostgresDatabase {
  readonly url: string;
  /** Asks as somebody with a connection of their own, past the program. */
  ask(sql: string): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** Debian's package is installed by scripts/setup.mjs; elsewhere it may be missing. */
export const HAS_POSTGRES =
  existsSync('/usr/lib/postgresql') &&
  readdirSync('/usr/lib/postgresql').some((version) => existsSync(`/usr/lib/postgresql/${version}/bin/initdb`));

if (!HAS_POSTGRES) console.warn('PostgreSQL is not installed (package postgresql): what needs it is skipped');

/** Whether this test file has seen to it that the server runs. */
let running: Promise<unknown> | undefined;

/** Starts the server if no other test of this run has. */
export async function createPostgresDatabase(options = ''): Promise<PostgresDatabase> {
  const folder = process.env['COUNTERSIGN_TEST_POSTGRES'];
  if (folder === undefined) throw new Error('only to be used from a test: jest names the folder');
  // One of the test processes starts it, the others wait for that.
  running ??= promisify(execFile)('flock', [join(folder, 'lock'), process.execPath, SERVER, 'start', folder]);
  await running;
  const urlOf = (name: string) => `postgres:///${name}?host=${join(folder, 'data')}&user=postgres`;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await ask(urlOf('postgres'), `create database ${name} ${options}`);
  return {
    url: urlOf(name),
    ask: (sql) => ask(urlOf(name), sql),
    drop: async () => {
      await ask(urlOf('postgres'), `drop database ${name} with (force)`);
    },
  };
}

async function ask(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
