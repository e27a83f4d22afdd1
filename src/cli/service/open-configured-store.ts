import type { ServiceConfig } from '../../config/index.js';
import { CountersignError } from '../../errors.js';
import type { Store } from '../../signing/index.js';
import { openStore } from '../../store/index.js';
import { readSecretFile } from '../secret-file.js';

/** The store of the configuration, opened. @throws CONFIG_INVALID, STORE_… */
export async function openConfiguredStore(
  config: Pick<ServiceConfig, 'database' | 'databasePasswordFile'>,
): Promise<Store> {
  const { database, databasePasswordFile } = config;
  if (databasePasswordFile === undefined) return openStore(database);
  if (database.startsWith('sqlite:')) {
    throw new CountersignError('CONFIG_INVALID', 'a SQLite file has no password', { pointer: '/databasePasswordFile' });
  }
  return openStore(database, { password: readSecretFile(databasePasswordFile) });
}
