import { constants, createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { keyFromSpkiDer, keyidOf, type Key, type Signature } from '../tuf/index.js';

/**
 * A private RSA key as JWK (RFC 7517). Not PEM: importing PEM or DER fails for an error that any earlier OpenSSL call
 * of the process left behind (`KeyObject.equals` of two key types does), importing JWK does not look.
 */
const rsaKeySchema = z.strictObject({
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

/** A private Ed25519 key as JWK (RFC 8037). */
const ed25519KeySchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
});

export const onlineKeySchema = z.discriminatedUnion('kty', [rsaKeySchema, ed25519KeySchema]);
export type OnlineKey = z.output<typeof onlineKeySchema>;

export const onlineKeysSchema = z.strictObject({
  /** Of root version 1 only. */
  firstRoot: onlineKeySchema,
  /** Of root version 1 only. */
  firstTargets: onlineKeySchema,
  root: onlineKeySchema,
  targets: onlineKeySchema,
  snapshot: onlineKeySchema,
  timestamp: onlineKeySchema,
});

/** The keys that a Factory's server makes and holds itself. */
export type OnlineKeys = Readonly<z.output<typeof onlineKeysSchema>>;

/** Fresh RSA-2048 keys, what the real server makes. Takes about a second. */
export async function generateOnlineKeys(): Promise<OnlineKeys> {
  const [firstRoot, firstTargets, root, targets, snapshot, timestamp] = await Promise.all([
    generateOnlineKey('RSA'),
    generateOnlineKey('RSA'),
    generateOnlineKey('RSA'),
    generateOnlineKey('RSA'),
    generateOnlineKey('RSA'),
    generateOnlineKey('RSA'),
  ]);
  return { firstRoot, firstTargets, root, targets, snapshot, timestamp };
}

/** A fresh key of the server's; RSA-2048 takes a moment. */
export async function generateOnlineKey(keytype: Key['keytype']): Promise<OnlineKey> {
  const { privateKey } =
    keytype === 'RSA'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
      : await promisify(generateKeyPair)('ed25519');
  return onlineKeySchema.parse(privateKey.export({ format: 'jwk' }));
}

interface PublicOnlineKey {
  readonly keyid: string;
  readonly key: Key;
}

/** Working one out takes longer than most of what it is asked for in. */
const publicKeys = new WeakMap<OnlineKey, PublicOnlineKey>();

/** The public TUF key of a private one, and its keyid. */
export function publicOnlineKey(privateKey: OnlineKey): PublicOnlineKey {
  const known = publicKeys.get(privateKey);
  if (known !== undefined) return known;
  const derived = derivePublicKey(privateKey);
  publicKeys.set(privateKey, derived);
  return derived;
}

function derivePublicKey(privateKey: OnlineKey): PublicOnlineKey {
  const jwk =
    privateKey.kty === 'RSA'
      ? { kty: privateKey.kty, n: privateKey.n, e: privateKey.e }
      : { kty: privateKey.kty, crv: privateKey.crv, x: privateKey.x };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const key = keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' }));
  return { keyid: keyidOf(key), key };
}

/** A signature of the key's method: `rsassa-pss-sha256` (PSS, SHA-256, MGF1-SHA-256, salt 32) or `ed25519`. */
export function signOnline(privateKey: OnlineKey, signedBytes: Uint8Array): Signature {
  const { keyid } = publicOnlineKey(privateKey);
  const key = createPrivateKey({ key: privateKey, format: 'jwk' });
  if (privateKey.kty === 'OKP') {
    return { keyid, method: 'ed25519', sig: sign(null, signedBytes, key).toString('base64') };
  }
  const padding = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return { keyid, method: 'rsassa-pss-sha256', sig: sign('sha256', signedBytes, padding).toString('base64') };
}

/** Both halves of an RSA key as key objects of an offline-keys file: the private one as PKCS#1 PEM. */
export function exportOnlineKey(privateKey: OnlineKey): { public: Key; private: object } {
  const { key } = publicOnlineKey(privateKey);
  const pem = createPrivateKey({ key: privateKey, format: 'jwk' }).export({ type: 'pkcs1', format: 'pem' });
  return { public: key, private: { keytype: key.keytype, keyval: { private: pem.toString() } } };
}
