import { CountersignError, isCountersignError } from '../errors.js';

/** Whether SQLite said that another connection holds the lock. Told by `code`: the class differs between realms. */
export function isBusy(error: unknown): boolean {
  const code = driverCode(error);
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

/** Passes our own errors on and turns the driver's into STORE_FAILED with the driver's code, without its SQL. */
export function toStoreError(error: unknown): unknown {
  if (isCountersignError(error)) return error;
  const code = driverCode(error);
  return new CountersignError('STORE_FAILED', `the database failed${code === undefined ? '' : ` (${code})`}`, {
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
  ['SQLITE_READONLY', "Check that the service's user may write the database file and its directory."],
  ['SQLITE_CANTOPEN', "Check that the directory is there and that the service's user may write in it."],
  ['SQLITE_BUSY', 'Another process holds the database: see what it does, or try again.'],
  ['SQLITE_CORRUPT', 'The file is not a sound SQLite database: restore it from a backup.'],
  ['SQLITE_NOTADB', 'The file is not a SQLite database: check the path.'],
]);

function hintFor(code: string | undefined): { hint?: string } {
  const hint = code === undefined ? undefined : HINTS.get(code);
  return hint === undefined ? {} : { hint };
}
