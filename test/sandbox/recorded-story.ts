/** Recorded stories of the real fioctl: what it called, one file a command, and the keys that it had. */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { readOfflineKeys, type OfflineKey } from '../../src/offline-keys/index.js';
import { keyidOf } from '../../src/tuf/index.js';
import { goldenPath } from '../tuf/golden.js';

const exchangeSchema = z.object({
  method: z.string(),
  path: z.string(),
  query: z.string(),
  time: z.string(),
  'request-headers': z.record(z.string(), z.string()),
  'request-body': z.unknown(),
  status: z.int(),
  'response-body': z.unknown(),
});
export type Exchange = z.output<typeof exchangeSchema>;

const commandSchema = z.object({
  step: z.int(),
  person: z.string(),
  command: z.string(),
  exchanges: z.array(exchangeSchema),
});
export type RecordedCommand = z.output<typeof commandSchema>;

export type Story = 'A' | 'B';

/** Every command that called the Factory, in order. */
export function commandsOf(story: Story): RecordedCommand[] {
  return filesOf(story, '.json')
    .map((path) => commandSchema.parse(JSON.parse(readFileSync(path, 'utf8'))))
    .filter(({ exchanges }) => exchanges.length > 0);
}

/** The offline keys of its people, by keyid. Those that they threw away are not there. */
export async function offlineKeysOf(story: Story): Promise<Map<string, OfflineKey>> {
  const archives = await Promise.all(
    filesOf(`${story}/keys`, '.tgz').map((path) => readOfflineKeys(readFileSync(path))),
  );
  return new Map(archives.flat().map((key) => [keyidOf(key.key), key]));
}

function filesOf(folder: string, ending: string): string[] {
  const path = goldenPath(`fioctl/${folder}`);
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${path}/${name}`);
}
