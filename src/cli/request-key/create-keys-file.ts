import { rmSync, writeFileSync } from 'node:fs';
import { CountersignError, isCountersignError } from '../../errors.js';
import {
  createOfflineKey,
  readOfflineKeys,
  signOffline,
  writeOfflineKeys,
  type RoleKey,
} from '../../offline-keys/index.js';
import type { RegisterRequestKeysBody } from '../../api/index.js';
import { requestKeyProofPayload } from '../../signing/index.js';
import { keyidOf } from '../../tuf/index.js';

const ROLES = ['root', 'targets'] as const;
/** fioctl signs with a key of the offline key's own keytype, and that may change. */
const KEYTYPES = ['ED25519', 'RSA'] as const;

/** One key of each role and keytype, in memory only. */
export async function createRequestKeys(): Promise<readonly RoleKey[]> {
  return await Promise.all(
    ROLES.flatMap((role) => KEYTYPES.map(async (keytype) => ({ role, offline: await createOfflineKey(keytype) }))),
  );
}

/** What the service is told of them: the public parts, each with the proof that it is held. */
export function registrationOf(keys: readonly RoleKey[], factory: string, name: string): RegisterRequestKeysBody {
  return {
    name,
    keys: keys.map(({ role, offline }) => {
      const { key } = offline;
      const keyid = keyidOf(key);
      const { method, sig } = signOffline(offline, keyid, requestKeyProofPayload({ factory, name, role, keyid }));
      return {
        role,
        key: { keytype: key.keytype, keyval: { public: key.keyval.public } },
        proof: { method: method === 'ed25519' ? 'ed25519' : 'rsassa-pss-sha256', sig },
      };
    }),
  };
}

/**
 * Writes the keys to a new file that only its owner can read, has them registered, and takes the file away again if they
 * are not: written first, since keys that are registered and nowhere kept would be in the way of new ones.
 *
 * @throws USAGE the file is there already or cannot be written; what `register` throws, with what became of the file
 */
export async function keepWhileRegistering<T>(
  path: string,
  keys: readonly RoleKey[],
  register: () => Promise<T>,
): Promise<T> {
  const archive = await writeOfflineKeys(keys);
  try {
    if ((await readOfflineKeys(archive)).length !== keys.length) throw new Error('the archive does not hold all keys');
    writeNewFile(path, archive);
  } finally {
    archive.fill(0);
  }
  try {
    return await register();
  } catch (error) {
    // without an answer they may be registered all the same
    if (isCountersignError(error) && !MAYBE_DONE.includes(error.code)) {
      rmSync(path, { force: true });
      throw error;
    }
    throw new CountersignError('SERVICE_UNAVAILABLE', 'whether the keys were registered is not known', {
      hint: `countersign request-key list says it. If they are there, use ${path}; if not, delete it and make new ones.`,
      details: { path },
      cause: error,
    });
  }
}

const MAYBE_DONE: readonly string[] = ['SERVICE_UNAVAILABLE', 'SERVICE_ANSWER_INVALID', 'STORE_FAILED', 'INTERNAL'];

function writeNewFile(path: string, bytes: Buffer): void {
  try {
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new CountersignError('USAGE', `${path} cannot be written, or is there already`, {
      hint: 'A file of keys is never overwritten: give another path.',
      details: { path },
      cause,
    });
  }
}
