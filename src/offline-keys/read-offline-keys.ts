import { z } from 'zod';
import { CountersignError } from '../errors.js';
import { publicKeyDer } from '../tuf/index.js';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits.js';
import { parsePrivateKey, type OfflineKey } from './private-key.js';
import { readArchive } from './read-archive.js';

/** Of every layout there was: `first-root`, `fioctl-ROLE-KEYID`, and the older `offline-ROLE`. */
const KEY_FILE = /^tufrepo\/keys\/([^/]+)\.(sec|pub)$/;

const publicSchema = z.object({ keytype: z.enum(['RSA', 'ED25519']), keyval: z.object({ public: z.string() }) });

/**
 * Reads the private keys of an archive as fioctl keeps offline keys in. Names of files say nothing about a key: which
 * role it has, and whether it is still in force, is for a root to say. Other files are passed over.
 *
 * @param tgz the bytes of the file
 * @returns each key once, in the order of the archive
 * @throws OFFLINE_KEYS_INVALID also when there is no private key in it, or one that is not that of the public key beside it
 * @throws OFFLINE_KEYS_TOO_LARGE, OFFLINE_KEYS_UNSAFE, KEY_INVALID
 */
export async function readOfflineKeys(
  tgz: Uint8Array,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<readonly OfflineKey[]> {
  const files = await readArchive(tgz, limits);
  try {
    const keys = new Map<string, OfflineKey>();
    for (const [path, bytes] of files) {
      const [, name = '', kind = ''] = KEY_FILE.exec(path) ?? [];
      if (kind !== 'sec') continue;
      const found = parsePrivateKey(parseJson(bytes, path), path);
      const beside = files.get(`tufrepo/keys/${name}.pub`);
      if (beside !== undefined) requirePair(found, beside);
      const spki = publicKeyDer(found.key).toString('base64');
      if (!keys.has(spki)) keys.set(spki, found);
    }
    if (keys.size > 0) return [...keys.values()];
  } finally {
    for (const bytes of files.values()) bytes.fill(0);
  }
  throw new CountersignError('OFFLINE_KEYS_INVALID', 'the archive has no private key', {
    hint: 'private keys stand in tufrepo/keys/*.sec',
  });
}

function requirePair({ key, from }: OfflineKey, beside: Buffer): void {
  const path = from.replace(/sec$/, 'pub');
  const parsed = publicSchema.safeParse(parseJson(beside, path));
  if (parsed.success && publicKeyDer(parsed.data).equals(publicKeyDer(key))) return;
  throw new CountersignError('OFFLINE_KEYS_INVALID', `${path} is not the public key of ${from}`);
}

function parseJson(bytes: Buffer, path: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // what JSON.parse says would quote the key
    throw new CountersignError('OFFLINE_KEYS_INVALID', `${path} is not JSON`);
  }
}
