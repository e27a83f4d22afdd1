/** TUF keys in memory, for what a token or the Factory's server holds elsewhere. */
import { constants, generateKeyPairSync, type KeyObject, sign as nodeSign } from 'node:crypto';
import { keyFromSpkiDer, keyidOf, type Key, type Signature } from '../../src/tuf/index.js';
import { ed25519FromSeed } from './ed25519-from-seed.js';

export interface TufKey {
  readonly key: Key;
  readonly keyid: string;
  sign(payload: Uint8Array): Signature;
}

/**
 * A new key pair. RSA keys are of 2048 bits unless given, since making larger ones takes a while.
 *
 * @param seed of an Ed25519 key that is to be the same in every run
 */
export function tufKey(keytype: Key['keytype'] = 'ED25519', seed?: string, modulusLength = 2048): TufKey {
  const { privateKey, publicKey } = generate(keytype, seed, modulusLength);
  const key = keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' }));
  const keyid = keyidOf(key);
  return {
    key,
    keyid,
    sign(payload) {
      if (keytype === 'ED25519') {
        return { keyid, method: 'ed25519', sig: nodeSign(null, payload, privateKey).toString('base64') };
      }
      const padding = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      return { keyid, method: 'rsassa-pss-sha256', sig: nodeSign('sha256', payload, padding).toString('base64') };
    },
  };
}

function generate(
  keytype: Key['keytype'],
  seed: string | undefined,
  modulusLength: number,
): { privateKey: KeyObject; publicKey: KeyObject } {
  if (keytype === 'RSA') return generateKeyPairSync('rsa', { modulusLength });
  return seed === undefined ? generateKeyPairSync('ed25519') : ed25519FromSeed(seed);
}
