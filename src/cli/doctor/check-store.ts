import { existsSync } from 'node:fs';
import type { ServiceConfig } from '../../config/index.js';
import type { RequestKey } from '../../signing/index.js';
import { openConfiguredStore } from '../service/open-configured-store.js';
import { examine, ok, warn, type Finding } from './finding.js';

/**
 * Whether the database opens, can be written, and its event log holds. Makes none where there is none.
 *
 * @returns with all request keys there ever were; null if they could not be read
 */
export async function checkStore(
  config: Pick<ServiceConfig, 'database' | 'databasePasswordFile'>,
): Promise<{ requestKeys: readonly RequestKey[] | null; findings: Finding[] }> {
  let requestKeys: readonly RequestKey[] | null = null;
  const todo = 'check the path and the rights of the database, and the space on its disk';
  const findings = await examine('store', todo, async () => {
    const { database } = config;
    const file = database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : null;
    if (file !== null && !existsSync(file)) {
      return [
        warn('store', `${file} is not there yet`, 'nothing, if the service never ran; else find out where it went'),
      ];
    }
    const store = await openConfiguredStore(config);
    try {
      await store.check();
      requestKeys = await store.requestKeys.list();
      const { count } = await store.events.verify();
      return [ok('store', `can be written; its ${count} events hold`)];
    } finally {
      await store.close();
    }
  });
  return { requestKeys, findings };
}
