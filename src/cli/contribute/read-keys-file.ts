import { readFileSync, statSync } from 'node:fs';
import { CountersignError } from '../../errors.js';
import { readOfflineKeys, type OfflineKey } from '../../offline-keys/index.js';

/** More is never read into memory; what an archive may be is readOfflineKeys' to say. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The keys of an archive of offline keys. The file is read, never written. @throws USAGE, OFFLINE_KEYS_…, KEY_INVALID */
export async function readKeysFile(path: string): Promise<readonly OfflineKey[]> {
  const bytes = readFile(path);
  try {
    return await readOfflineKeys(bytes);
  } finally {
    bytes.fill(0);
  }
}

function readFile(path: string): Buffer {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new CountersignError('USAGE', `${path} is no file`, { details: { path } });
    if (found.size > MAX_FILE_BYTES) {
      throw new CountersignError('OFFLINE_KEYS_TOO_LARGE', `${path} has ${found.size} bytes`, { details: { path } });
    }
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('USAGE', `${path} cannot be read`, { details: { path }, cause });
  }
}
