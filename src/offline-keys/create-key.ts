import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { keyFromSpkiDer, type Key } from '../tuf/index.js';
import type { OfflineKey } from './private-key.js';

/** As long as those that fioctl makes. */
const RSA_BITS = 4096;

/** A fresh key pair, in memory only. An RSA pair takes a second or more. */
export async function createOfflineKey(keytype: Key['keytype']): Promise<OfflineKey> {
  const { publicKey, privateKey } =
    keytype === 'RSA'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
      : await promisify(generateKeyPair)('ed25519');
  return { from: 'a new key', key: keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' })), privateKey };
}
