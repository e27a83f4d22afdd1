import { ObjectClass, PrivateKey, type SessionObject } from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import { keyidOf, type Key } from '../../tuf/index.js';
import type { KeyAttributes } from '../token-types.js';
import { call } from './call.js';
import { CKK_EC_EDWARDS } from './constants.js';
import { ed25519Key, rsaKey } from './public-key.js';
import { readAttribute, readKeyAttributes } from './read-attributes.js';
import type { TokenSession } from './session.js';

/** A public key of the token with the one private key that belongs to it. */
export interface KeyPair {
  readonly keyid: string;
  readonly key: Key;
  readonly ckaId: Buffer;
  readonly ckaLabel: string;
  readonly attributes: KeyAttributes;
  readonly privateKey: PrivateKey;
}

export interface KeyPairs {
  readonly pairs: readonly KeyPair[];
  /** Keyids for which the token has more than one public or private key: which one signs would be a guess. */
  readonly ambiguous: ReadonlySet<string>;
  /** Every CKA_ID in use, in hex, also of keys that are none of ours. */
  readonly ckaIds: ReadonlySet<string>;
}

/**
 * All key pairs of a kind that TUF metadata can carry, in no particular order. Objects are searched by class alone:
 * templates with a key type or a usage find too much or nothing on some tokens. Public and private key are matched
 * by CKA_ID and, for RSA, by modulus; an Ed25519 private key does not show its public value, so there a wrong match
 * is found when the first signature is verified.
 */
export function listKeyPairs(session: TokenSession): KeyPairs {
  const publicObjects = findAll(session, ObjectClass.PUBLIC_KEY).map(describePublic);
  const privateObjects = findAll(session, ObjectClass.PRIVATE_KEY).map(describePrivate);
  const byKeyid = new Map<string, KeyPair>();
  const ambiguous = new Set<string>();
  for (const { key, ckaId, ckaLabel, modulus } of publicObjects) {
    if (key === null) continue;
    const keyid = keyidOf(key);
    const [match, ...others] = privateObjects.filter(
      (candidate) =>
        candidate.ckaId.equals(ckaId) &&
        candidate.isRsa === (modulus !== null) &&
        (modulus === null || candidate.modulus === null || candidate.modulus.equals(modulus)),
    );
    if (match === undefined) continue;
    if (others.length > 0 || byKeyid.has(keyid)) ambiguous.add(keyid);
    else {
      const { object } = match;
      const privateKey = new PrivateKey(object.handle, object.session, object.lib);
      byKeyid.set(keyid, { keyid, key, ckaId, ckaLabel, attributes: readKeyAttributes(object), privateKey });
    }
  }
  return {
    pairs: [...byKeyid.values()].filter(({ keyid }) => !ambiguous.has(keyid)),
    ambiguous,
    ckaIds: new Set([...publicObjects, ...privateObjects].map(({ ckaId }) => ckaId.toString('hex'))),
  };
}

/** The public key objects of one key; there is more than one only if somebody put it there. */
export function findPublicObjects(session: TokenSession, keyid: string): SessionObject[] {
  return findAll(session, ObjectClass.PUBLIC_KEY).filter((object) => {
    const key = publicKeyOf(object);
    return key !== null && keyidOf(key) === keyid;
  });
}

/** The TUF key of one public key object; null if it is of another kind. */
export function publicKeyOf(object: SessionObject): Key | null {
  return describePublic(object).key;
}

function findAll(session: TokenSession, objectClass: ObjectClass): SessionObject[] {
  return call('C_FindObjects', () => [...session.native.find({ class: objectClass })]);
}

function describePublic(object: SessionObject): {
  key: Key | null;
  ckaId: Buffer;
  ckaLabel: string;
  modulus: Buffer | null;
} {
  const ckaId = readAttribute(object, pkcs11.CKA_ID) ?? Buffer.alloc(0);
  const ckaLabel = readAttribute(object, pkcs11.CKA_LABEL)?.toString('utf8') ?? '';
  const keytype = readKeyType(object);
  if (keytype === pkcs11.CKK_RSA) {
    const modulus = readAttribute(object, pkcs11.CKA_MODULUS);
    const exponent = readAttribute(object, pkcs11.CKA_PUBLIC_EXPONENT);
    const key = modulus === null || exponent === null ? null : rsaKey(modulus, exponent);
    return { key, ckaId, ckaLabel, modulus };
  }
  const point = keytype === CKK_EC_EDWARDS ? readAttribute(object, pkcs11.CKA_EC_POINT) : null;
  return { key: point === null ? null : ed25519Key(point), ckaId, ckaLabel, modulus: null };
}

function describePrivate(object: SessionObject): {
  object: SessionObject;
  ckaId: Buffer;
  isRsa: boolean;
  modulus: Buffer | null;
} {
  const ckaId = readAttribute(object, pkcs11.CKA_ID) ?? Buffer.alloc(0);
  const isRsa = readKeyType(object) === pkcs11.CKK_RSA;
  return { object, ckaId, isRsa, modulus: isRsa ? readAttribute(object, pkcs11.CKA_MODULUS) : null };
}

/** CKA_KEY_TYPE, a CK_ULONG in the machine's order: little-endian wherever Node and a token are found together. */
function readKeyType(object: SessionObject): number | null {
  const value = readAttribute(object, pkcs11.CKA_KEY_TYPE);
  return value === null || value.length < 4 ? null : value.readUInt32LE(0);
}
