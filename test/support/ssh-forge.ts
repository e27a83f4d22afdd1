/**
 * SSH keys and signatures made by hand with node:crypto, so that a test can also make those that no
 * program would: FIDO signatures without a device, wrong fields, lengths and algorithms.
 */
import { constants, createHash, generateKeyPairSync, type KeyObject, sign as nodeSign } from 'node:crypto';
import { ed25519FromSeed } from './ed25519-from-seed.js';

export type SoftKeyType =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'ssh-rsa'
  | 'sk-ssh-ed25519@openssh.com'
  | 'sk-ecdsa-sha2-nistp256@openssh.com';

export interface SshsigParts {
  readonly magic: Buffer;
  readonly version: number;
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly reserved: Buffer;
  readonly hashAlgorithm: string;
  readonly signature: Buffer;
  readonly trailing: Buffer;
}

interface SoftSignOptions {
  readonly hash?: 'sha256' | 'sha512';
  readonly flags?: number;
  readonly counter?: number;
  /** What the key really signs, where that shall differ from what the signature says. */
  readonly signedNamespace?: string;
  readonly signedFlags?: number;
  readonly rsaAlgorithm?: 'rsa-sha2-256' | 'rsa-sha2-512' | 'ssh-rsa';
  /** Applied last, to forge a field. */
  readonly change?: (parts: SshsigParts) => Partial<SshsigParts>;
}

export interface SoftKey {
  readonly type: SoftKeyType;
  readonly line: string;
  readonly blob: Buffer;
  readonly privateKey: KeyObject;
  /** An armored SSHSIG. */
  sign(namespace: string, message: Uint8Array | string, options?: SoftSignOptions): string;
}

interface SoftKeyOptions {
  /** Of an Ed25519 key that is to be the same in every run. */
  readonly seed?: string;
  readonly application?: string;
  readonly comment?: string;
  readonly rsaBits?: number;
}

export function softKey(
  type: SoftKeyType,
  { application = 'ssh:', comment = 'soft key', rsaBits = 2048, seed }: SoftKeyOptions = {},
): SoftKey {
  const { privateKey, publicKey } = seed === undefined ? generate(type, rsaBits) : ed25519FromSeed(seed);
  const isSecurityKey = type.startsWith('sk-');
  const blob = Buffer.concat([
    wireString(type),
    publicNumbers(type, publicKey),
    isSecurityKey ? wireString(application) : Buffer.alloc(0),
  ]);
  return {
    type,
    line: `${type} ${blob.toString('base64')} ${comment}`,
    blob,
    privateKey,
    sign(namespace, message, options = {}) {
      const { hash = 'sha512', flags = 1, counter = 7, rsaAlgorithm = 'rsa-sha2-512', change } = options;
      const data = signedData(options.signedNamespace ?? namespace, hash, Buffer.from(message));
      const assertion = Buffer.concat([Buffer.from([flags]), uint32(counter)]);
      const signedAssertion = Buffer.concat([Buffer.from([options.signedFlags ?? flags]), uint32(counter)]);
      const covered = isSecurityKey ? Buffer.concat([sha256(application), signedAssertion, sha256(data)]) : data;
      const algorithm = type === 'ssh-rsa' ? rsaAlgorithm : type;
      const parts: SshsigParts = {
        magic: Buffer.from('SSHSIG'),
        version: 1,
        publicKey: blob,
        namespace,
        reserved: Buffer.alloc(0),
        hashAlgorithm: hash,
        signature: Buffer.concat([
          wireString(algorithm),
          wireString(primitiveSignature(algorithm, privateKey, covered)),
          isSecurityKey ? assertion : Buffer.alloc(0),
        ]),
        trailing: Buffer.alloc(0),
      };
      return armor(encodeSshsig({ ...parts, ...change?.(parts) }));
    },
  };
}

export function encodeSshsig(parts: SshsigParts): Buffer {
  return Buffer.concat([
    parts.magic,
    uint32(parts.version),
    wireString(parts.publicKey),
    wireString(parts.namespace),
    wireString(parts.reserved),
    wireString(parts.hashAlgorithm),
    wireString(parts.signature),
    parts.trailing,
  ]);
}

/** As ssh-keygen writes it: lines of 70 characters. */
export function armor(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

/** The blob inside an armored signature that is known to be well formed. */
export function dearmor(armored: string): Buffer {
  return Buffer.from(armored.split('\n').slice(1, -2).join(''), 'base64');
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireString(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** RFC 4251 mpint of a magnitude that may have leading zeros. */
export function mpint(magnitude: Buffer): Buffer {
  let start = 0;
  while (start < magnitude.length && magnitude[start] === 0) start++;
  const bytes = magnitude.subarray(start);
  return wireString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

const CURVES = { nistp256: 'P-256', nistp384: 'P-384', nistp521: 'P-521' } as const;

function curveOf(type: string): keyof typeof CURVES {
  const curve = /nistp(?:256|384|521)/.exec(type)?.[0];
  if (curve === 'nistp256' || curve === 'nistp384' || curve === 'nistp521') return curve;
  throw new Error(`${type} has no curve`);
}

function generate(type: SoftKeyType, rsaBits: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (type.includes('ed25519')) return generateKeyPairSync('ed25519');
  if (type === 'ssh-rsa') return generateKeyPairSync('rsa', { modulusLength: rsaBits });
  return generateKeyPairSync('ec', { namedCurve: CURVES[curveOf(type)] });
}

function publicNumbers(type: SoftKeyType, publicKey: KeyObject): Buffer {
  const { x = '', y = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const number = (text: string) => Buffer.from(text, 'base64url');
  if (type.includes('ed25519')) return wireString(number(x));
  if (type === 'ssh-rsa') return Buffer.concat([mpint(number(e)), mpint(number(n))]);
  const point = Buffer.concat([Buffer.from([4]), number(x), number(y)]);
  return Buffer.concat([wireString(curveOf(type)), wireString(point)]);
}

function signedData(namespace: string, hash: string, message: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('SSHSIG'),
    wireString(namespace),
    wireString(''),
    wireString(hash),
    wireString(createHash(hash).update(message).digest()),
  ]);
}

const HASHES: Readonly<Record<string, string>> = {
  'ssh-rsa': 'sha1',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'sha256',
};

function primitiveSignature(algorithm: string, key: KeyObject, covered: Buffer): Buffer {
  if (algorithm.includes('ed25519')) return nodeSign(null, covered, key);
  const hash = HASHES[algorithm];
  if (key.asymmetricKeyType === 'rsa') return nodeSign(hash, covered, { key, padding: constants.RSA_PKCS1_PADDING });
  const rs = nodeSign(hash, covered, { key, dsaEncoding: 'ieee-p1363' });
  return Buffer.concat([mpint(rs.subarray(0, rs.length / 2)), mpint(rs.subarray(rs.length / 2))]);
}

function sha256(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}
