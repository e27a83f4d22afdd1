import { existsSync } from 'node:fs';
import { openStore } from '../../store/index.js';
import { examine, ok, warn, type Finding } from './finding.js';

/** Whether the database opens, can be written, and its event log holds. Makes none where there is none. */
export function checkStore(database: string): Promise<Finding[]> {
  return examine('store', 'check the path and the rights of the database, and the space on its disk', async () => {
    const file = database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : null;
    if (file !== null && !existsSync(file)) {
      return [
        warn('store', `${file} is not there yet`, 'nothing, if the service never ran; else find out where it went'),
      ];
    }
    const store = await openStore(database);
    try {
      await store.check();
      const { count } = await store.events.verify();
      return [ok('store', `can be written; its ${count} events hold`)];
    } finally {
      await store.close();
    }
  });
}
