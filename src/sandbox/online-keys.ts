import { constants, createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { keyFromSpkiDer, keyidOf, type Key, type Signature } from '../tuf/index.js';

/** The keys that a Factory's server makes and holds itself, as PKCS #8 PEM. */
export interface OnlineKeys {
  /** Of root version 1 only. */
  readonly firstRoot: string;
  /** Of root version 1 only. */
  readonly firstTargets: string;
  readonly root: string;
  readonly targets: string;
  readonly snapshot: string;
  readonly timestamp: string;
}

/** Fresh RSA-2048 keys, what the real server makes. Takes about a second. */
export async function generateOnlineKeys(): Promise<OnlineKeys> {
  const [firstRoot, firstTargets, root, targets, snapshot, timestamp] = await Promise.all([
    generatePem(),
    generatePem(),
    generatePem(),
    generatePem(),
    generatePem(),
    generatePem(),
  ]);
  return { firstRoot, firstTargets, root, targets, snapshot, timestamp };
}

/** The public TUF key of a private one, and its keyid. */
export function publicOnlineKey(privateKeyPem: string): { keyid: string; key: Key } {
  const key = keyFromSpkiDer(createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' }));
  return { keyid: keyidOf(key), key };
}

/** `rsassa-pss-sha256`: PSS, SHA-256, MGF1-SHA-256, salt 32. */
export function signOnline(privateKeyPem: string, signedBytes: Uint8Array): Signature {
  const signature = sign('sha256', signedBytes, {
    key: createPrivateKey(privateKeyPem),
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  });
  return {
    keyid: publicOnlineKey(privateKeyPem).keyid,
    method: 'rsassa-pss-sha256',
    sig: signature.toString('base64'),
  };
}

async function generatePem(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
