import { constants, type KeyObject, verify } from 'node:crypto';
import { CountersignError } from '../errors.js';
import type { Key } from './metadata.js';

/** What is true of every key of one keytype. Nothing below this table asks for a key's type by name. */
export interface Algorithm {
  readonly keytype: Key['keytype'];
  /** The `method` of its signatures. */
  readonly method: string;
  /** What `keyval.public` holds. */
  readonly publicEncoding: 'spki-pem' | 'raw-hex';
  /** Node's name for the kind of key. */
  readonly asymmetricKeyType: 'rsa' | 'ed25519';
  /** The key lengths that devices accept. */
  readonly bits: readonly number[];
  /** The digest that is signed; null when the message itself is. */
  readonly hash: 'sha256' | null;
  /** Bytes of PSS salt, neither more nor fewer; null when there is none. */
  readonly saltLength: number | null;
  verify(publicKey: KeyObject, payload: Uint8Array, signature: Uint8Array): boolean;
}

/** Foundries knows these two. A single key or method of another kind makes devices reject the whole document. */
const ALGORITHMS: Readonly<Record<Key['keytype'], Algorithm>> = {
  RSA: {
    keytype: 'RSA',
    method: 'rsassa-pss-sha256',
    publicEncoding: 'spki-pem',
    asymmetricKeyType: 'rsa',
    bits: [2048, 3072, 4096],
    hash: 'sha256',
    saltLength: 32,
    // RFC 8017 section 8.1.2; MGF1's digest is the message's
    verify: (publicKey, payload, signature) =>
      verify(
        'sha256',
        payload,
        { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
        signature,
      ),
  },
  ED25519: {
    keytype: 'ED25519',
    method: 'ed25519',
    publicEncoding: 'raw-hex',
    asymmetricKeyType: 'ed25519',
    bits: [256],
    hash: null,
    saltLength: null,
    // RFC 8032 section 5.1.7
    verify: (publicKey, payload, signature) => verify(null, payload, publicKey, signature),
  },
};

/** The methods that signatures may have, in Foundries' spelling. */
export const SIGNATURE_METHODS: ReadonlySet<string> = new Set(Object.values(ALGORITHMS).map(({ method }) => method));

/**
 * The facts of a key's algorithm.
 *
 * @throws KEY_INVALID for a keytype that devices do not know
 */
export function algorithmOf(key: { readonly keytype: string }): Algorithm {
  const found = Object.values(ALGORITHMS).find(({ keytype }) => keytype === key.keytype);
  if (found !== undefined) return found;
  throw new CountersignError(
    'KEY_INVALID',
    `keytype ${JSON.stringify(key.keytype.slice(0, 40))} is not one of RSA, ED25519`,
  );
}
