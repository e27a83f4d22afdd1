import { createPublicKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '../errors.js';
import { type Algorithm, algorithmOf } from './algorithm.js';
import { decodeBase64 } from './base64.js';
import type { Key } from './metadata.js';
import { sha256Hex } from './sha256.js';

const PEM = /^-----BEGIN PUBLIC KEY-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END PUBLIC KEY-----\n?$/;

/** SubjectPublicKeyInfo of an Ed25519 key up to the key's 32 bytes (RFC 8410 section 4). */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Go, and so fioctl, refuses larger ones; smaller ones than the usual 65537 have a history of attacks. */
const LEAST_RSA_EXPONENT = 65537n;
const MOST_RSA_EXPONENT = 2n ** 31n - 1n;

/** Of what is remembered of public keys. */
const MOST_KEYS = 256;

interface ReadKey {
  readonly publicKey: KeyObject;
  readonly spkiDer: Buffer;
  readonly keyid: string;
}

/**
 * A rotation verifies thousands of documents with the same few keys, and reading one, or asking OpenSSL for its DER, costs
 * more than verifying with it.
 */
const readKeys = new Map<string, ReadKey>();
/** By SubjectPublicKeyInfo (DER), in base64. */
const keysOfDer = new Map<string, Key>();

/**
 * The public key of a TUF key, for `node:crypto`.
 *
 * @throws KEY_INVALID for what devices or fioctl do not accept: another keytype, a broken encoding, RSA of other than
 *   2048, 3072, 4096 bits or with an unusual exponent
 */
export function publicKeyObject(key: Key): KeyObject {
  return readKey(key).publicKey;
}

/**
 * SubjectPublicKeyInfo of a TUF key (X.509, DER): the same for one key, however its keyid or its text differ.
 *
 * @throws KEY_INVALID as `publicKeyObject`
 */
export function publicKeyDer(key: Key): Buffer {
  return readKey(key).spkiDer;
}

function readKey(key: Key): ReadKey {
  const name = `${key.keytype} ${key.keyval.public}`;
  const known = readKeys.get(name);
  if (known !== undefined) return known;
  const algorithm = algorithmOf(key);
  const spkiDer = spkiDerOf(key, algorithm);
  const read = { publicKey: spkiKeyObject(spkiDer), spkiDer, keyid: sha256Hex(spkiDer) };
  checkKeyObject(read.publicKey, algorithm);
  return remember(readKeys, name, read);
}

function remember<T>(known: Map<string, T>, name: string, value: T): T {
  if (known.size >= MOST_KEYS) known.clear();
  known.set(name, value);
  return value;
}

/**
 * A TUF key from SubjectPublicKeyInfo (X.509, DER), as tokens and tools give it.
 *
 * @throws KEY_INVALID
 */
export function keyFromSpkiDer(spkiDer: Buffer): Key {
  const name = spkiDer.toString('base64');
  const { keytype, keyval } = keysOfDer.get(name) ?? remember(keysOfDer, name, readSpkiDer(spkiDer));
  return { keytype, keyval: { public: keyval.public } }; // of the caller's own
}

function readSpkiDer(spkiDer: Buffer): Key {
  const publicKey = spkiKeyObject(spkiDer);
  const key: Key =
    publicKey.asymmetricKeyType === 'ed25519'
      ? { keytype: 'ED25519', keyval: { public: spkiDer.subarray(ED25519_SPKI_PREFIX.length).toString('hex') } }
      : { keytype: 'RSA', keyval: { public: publicKey.export({ type: 'spki', format: 'pem' }).toString() } };
  checkKeyObject(publicKey, algorithmOf(key));
  return key;
}

/**
 * The keyid that Foundries' tools give a new key: SHA-256 of its SubjectPublicKeyInfo DER in hexadecimal digits. Only for
 * keys that we make: published roots hold keyids of older rules, and devices take them as they are.
 *
 * @throws KEY_INVALID
 */
export function keyidOf(key: Key): string {
  return readKey(key).keyid;
}

function spkiDerOf(key: Key, algorithm: Algorithm): Buffer {
  const text = key.keyval.public;
  if (algorithm.publicEncoding === 'raw-hex') {
    if (!/^[0-9a-fA-F]{64}$/.test(text)) throw keyInvalid('an ED25519 key must be 64 hexadecimal digits');
    return Buffer.concat([ED25519_SPKI_PREFIX, Buffer.from(text, 'hex')]);
  }
  const der = decodeBase64(PEM.exec(text)?.[1]?.replaceAll('\n', '') ?? '');
  if (der === undefined || der.length === 0) throw keyInvalid('an RSA key must be a PEM block PUBLIC KEY');
  return der;
}

function spkiKeyObject(spkiDer: Buffer): KeyObject {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: spkiDer, format: 'der', type: 'spki' });
  } catch (cause) {
    throw keyInvalid('not a SubjectPublicKeyInfo', cause);
  }
  // one key, one encoding: bytes after the key or a loose DER would give a second keyid to the same key
  if (!publicKey.export({ type: 'spki', format: 'der' }).equals(spkiDer))
    throw keyInvalid('not the DER encoding of the key');
  return publicKey;
}

function checkKeyObject(publicKey: KeyObject, algorithm: Algorithm): void {
  if (publicKey.asymmetricKeyType !== algorithm.asymmetricKeyType) {
    throw keyInvalid(`the public key is of type ${publicKey.asymmetricKeyType ?? 'unknown'}, not ${algorithm.keytype}`);
  }
  const { modulusLength, publicExponent } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && !algorithm.bits.includes(modulusLength)) {
    throw keyInvalid(`RSA of ${modulusLength} bits; devices accept ${algorithm.bits.join(', ')}`);
  }
  if (publicExponent === undefined) return;
  if (publicExponent < LEAST_RSA_EXPONENT || publicExponent > MOST_RSA_EXPONENT || publicExponent % 2n === 0n) {
    throw keyInvalid(`RSA with the public exponent ${String(publicExponent)}`);
  }
}

function keyInvalid(reason: string, cause?: unknown): CountersignError {
  return new CountersignError('KEY_INVALID', `not a usable public key: ${reason}`, { cause });
}
