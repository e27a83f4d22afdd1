import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { CountersignError } from '../errors.js';
import { algorithmOf, keyFromSpkiDer, type Key } from '../tuf/index.js';

/** A key outside of all tokens. The private part is in a KeyObject only: that prints, and serialises, as nothing. */
export interface OfflineKey {
  /** Where it stood: a path in the archive, or another name for messages. */
  readonly from: string;
  /** The public part, as a root has it. */
  readonly key: Key;
  readonly privateKey: KeyObject;
}

const secretSchema = z.object({
  keytype: z.enum(['RSA', 'ED25519']),
  keyval: z.object({ private: z.string().max(16_384) }),
});

/** RFC 8410 section 7: PKCS#8 of an Ed25519 key is this and the 32 bytes of the seed. */
const ED25519_PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_HEX_LENGTH = 64;

/**
 * Reads a private key as fioctl and the Factory write it: `{"keytype":"ED25519","keyval":{"private":HEX}}` with the
 * seed, or seed and public key; or keytype `RSA` with a PEM (PKCS#1).
 *
 * @param value the parsed JSON
 * @param from for messages, which hold nothing else of it; causes are left out too, since parsers quote what they read
 * @throws OFFLINE_KEYS_INVALID; KEY_INVALID for a length that devices do not accept
 */
export function parsePrivateKey(value: unknown, from: string): OfflineKey {
  const secret = secretSchema.safeParse(value);
  if (!secret.success) throw invalid(from, 'is no private key as fioctl writes it');
  const { keytype, keyval } = secret.data;
  const { asymmetricKeyType } = algorithmOf({ keytype });
  const privateKey =
    asymmetricKeyType === 'ed25519' ? parseEd25519(keyval.private, from) : parseRsa(keyval.private, from);
  return { from, key: keyFromSpkiDer(spkiOf(privateKey)), privateKey };
}

function parseEd25519(hex: string, from: string): KeyObject {
  if (!/^(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128})$/.test(hex)) throw invalid(from, 'has no Ed25519 seed of 64 hex digits');
  const der = Buffer.concat([ED25519_PKCS8_PREFIX, Buffer.from(hex.slice(0, SEED_HEX_LENGTH), 'hex')]);
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const publicHex = hex.slice(SEED_HEX_LENGTH).toLowerCase();
    if (publicHex === '' || spkiOf(key).toString('hex').endsWith(publicHex)) return key;
  } finally {
    der.fill(0);
  }
  throw invalid(from, 'has a public part that is not that of its seed');
}

function parseRsa(pem: string, from: string): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // said below, without what OpenSSL says about it
  }
  throw invalid(from, 'has no RSA private key in PEM without a passphrase');
}

function spkiOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
}

function invalid(from: string, what: string): CountersignError {
  return new CountersignError('OFFLINE_KEYS_INVALID', `${from} ${what}`);
}
