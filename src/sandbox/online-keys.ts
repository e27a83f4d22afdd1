import { constants, createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { keyFromSpkiDer, keyidOf, type Key, type Signature } from '../tuf/index.js';

/**
 * A private RSA key as JWK (RFC 7517). Not PEM: importing PEM or DER fails for an error that any earlier OpenSSL call
 * of the process left behind (`KeyObject.equals` of two key types does), importing JWK does not look.
 */
const privateKeySchema = z.strictObject({
  kty: z.literal('RSA'),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  p: z.string(),
  q: z.string(),
  dp: z.string(),
  dq: z.string(),
  qi: z.string(),
});

export type OnlineKey = z.output<typeof privateKeySchema>;

export const onlineKeysSchema = z.strictObject({
  /** Of root version 1 only. */
  firstRoot: privateKeySchema,
  /** Of root version 1 only. */
  firstTargets: privateKeySchema,
  root: privateKeySchema,
  targets: privateKeySchema,
  snapshot: privateKeySchema,
  timestamp: privateKeySchema,
});

/** The keys that a Factory's server makes and holds itself. */
export type OnlineKeys = Readonly<z.output<typeof onlineKeysSchema>>;

/** Fresh RSA-2048 keys, what the real server makes. Takes about a second. */
export async function generateOnlineKeys(): Promise<OnlineKeys> {
  const [firstRoot, firstTargets, root, targets, snapshot, timestamp] = await Promise.all([
    generateOnlineKey(),
    generateOnlineKey(),
    generateOnlineKey(),
    generateOnlineKey(),
    generateOnlineKey(),
    generateOnlineKey(),
  ]);
  return { firstRoot, firstTargets, root, targets, snapshot, timestamp };
}

/** The public TUF key of a private one, and its keyid. */
export function publicOnlineKey({ kty, n, e }: OnlineKey): { keyid: string; key: Key } {
  const publicKey = createPublicKey({ key: { kty, n, e }, format: 'jwk' });
  const key = keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' }));
  return { keyid: keyidOf(key), key };
}

/** `rsassa-pss-sha256`: PSS, SHA-256, MGF1-SHA-256, salt 32. */
export function signOnline(privateKey: OnlineKey, signedBytes: Uint8Array): Signature {
  const signature = sign('sha256', signedBytes, {
    key: createPrivateKey({ key: privateKey, format: 'jwk' }),
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  });
  return { keyid: publicOnlineKey(privateKey).keyid, method: 'rsassa-pss-sha256', sig: signature.toString('base64') };
}

async function generateOnlineKey(): Promise<OnlineKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKeySchema.parse(privateKey.export({ format: 'jwk' }));
}
