import { CountersignError, isCountersignError } from '../errors.js';

/** Whether SQLite said that another connection holds the lock. Told by `code`: the class differs between realms. */
export function isBusy(error: unknown): boolean {
  const code = driverCode(error);
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

/** Whether PostgreSQL undid a transaction for the sake of others, so that it can be begun anew. */
export function isUndone(error: unknown): boolean {
  const code = driverCode(error);
  return code === '40001' || code === '40P01';
}

/**
 * Passes our own errors on and turns the driver's into STORE_FAILED with the driver's code, without its SQL.
 *
 * @param name how to call the database; holds no password
 */
export function toStoreError(error: unknown, name = 'the database'): unknown {
  if (isCountersignError(error)) return error;
  const code = driverCode(error);
  return new CountersignError('STORE_FAILED', `${name} failed${code === undefined ? '' : ` (${code})`}`, {
    cause: error,
    ...hintFor(code),
    ...(code === undefined ? {} : { details: { driverCode: code } }),
  });
}

/** By its shape: the driver's errors may come from another realm, where they are no instances of this one's Error. */
function driverCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['SQLITE_FULL', 'The disk is full: make room. What was under way did not change anything.'],
  ['SQLITE_IOERR', 'The disk does not take or give the bytes: look at its space, its limits and its health.'],
  ['SQLITE_READONLY', "Check that the service's user may write the database file and its directory."],
  ['SQLITE_CANTOPEN', "Check that the directory is there and that the service's user may write in it."],
  ['SQLITE_BUSY', 'Another process holds the database: see what it does, or try again.'],
  ['SQLITE_CORRUPT', 'The file is not a sound SQLite database: restore it from a backup.'],
  ['SQLITE_NOTADB', 'The file is not a SQLite database: check the path.'],
  ['ECONNREFUSED', 'Nothing listens there: check host and port of the database URL, and that PostgreSQL runs.'],
  ['ENOENT', 'There is no such socket: check the directory in the database URL, and that PostgreSQL runs.'],
  ['ENOTFOUND', "The name of the database's host is not known: check the database URL."],
  ['28000', 'PostgreSQL does not let this user in: see its pg_hba.conf.'],
  ['28P01', 'The password is wrong: check the file that `databasePasswordFile` names.'],
  ['3D000', 'There is no such database: make it with `createdb --encoding=UTF8`.'],
  ['42501', 'The database user may not do that: make it the owner of the database.'],
  ['25006', 'The database can only be read, as a standby: give the URL of the primary.'],
  ['53100', "The database server's disk is full: make room. What was under way did not change anything."],
  ['53300', 'PostgreSQL takes no more connections: each replica needs up to ten.'],
  ['55P03', 'Another process holds the lock for writing: see in pg_stat_activity what it does, or try again.'],
]);

/** SQLite's codes have a part more where more is known (`SQLITE_READONLY_DIRECTORY`); the advice is the same. */
function hintFor(code: string | undefined): { hint?: string } {
  const hint = code === undefined ? undefined : (HINTS.get(code) ?? HINTS.get(code.split('_', 2).join('_')));
  return hint === undefined ? {} : { hint };
}
