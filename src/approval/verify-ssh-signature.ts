import { constants, createHash, verify } from 'node:crypto';
import { CountersignError } from '../errors.js';
import type { Namespace } from './namespaces.js';
import type { SshPublicKey } from './ssh-public-key.js';
import { parseSshSignature, SSHSIG_MAGIC, type SshSignature } from './ssh-signature.js';

export interface SshSignatureCheck {
  readonly armored: string;
  /** The one namespace that the signature must have been made in. */
  readonly namespace: Namespace;
  /** The message itself, not its digest. */
  readonly message: Uint8Array;
  /** The key it must be from. Left out, any key will do: look the returned one up before believing it. */
  readonly key?: SshPublicKey;
}

/**
 * Verifies an armored SSH signature over a message, as `ssh-keygen -Y check-novalidate -n namespace` does,
 * and returns what it says. A FIDO key's signature counts only with a touch.
 *
 * @throws SSHSIG_INVALID not such a signature
 * @throws SSHSIG_NAMESPACE made for another purpose
 * @throws SSHSIG_MISMATCH by another key, or over other bytes
 * @throws SSHSIG_USER_PRESENCE genuine, but the FIDO key was not touched
 */
export function verifySshSignature(check: SshSignatureCheck): SshSignature {
  const signature = parseSshSignature(check.armored);
  const { publicKey, namespace, securityKey } = signature;
  const { fingerprint } = publicKey;
  if (namespace !== check.namespace) {
    throw new CountersignError(
      'SSHSIG_NAMESPACE',
      `the signature was made in the namespace ${namespace}, not ${check.namespace}`,
      { hint: `sign with ssh-keygen -Y sign -n ${check.namespace}`, details: { fingerprint, namespace } },
    );
  }
  if (check.key !== undefined && !check.key.blob.equals(publicKey.blob)) {
    throw new CountersignError('SSHSIG_MISMATCH', 'the signature is by another key than the expected one', {
      details: { fingerprint, expected: check.key.fingerprint },
    });
  }
  if (!verifies(signature, coveredBytes(signature, check.message))) {
    throw new CountersignError('SSHSIG_MISMATCH', 'the signature does not verify over these bytes', {
      hint: 'sign exactly the bytes that were handed out, without an editor in between',
      details: { fingerprint, namespace },
    });
  }
  // Last, so that the code is true: only a genuine signature can say that nobody touched the key.
  if (securityKey !== null && !securityKey.userPresent) {
    throw new CountersignError('SSHSIG_USER_PRESENCE', 'the FIDO key signed without being touched', {
      hint: 'make the key without -O no-touch-required',
      details: { fingerprint },
    });
  }
  return signature;
}

/** What the primitive signed: the data of PROTOCOL.sshsig section 3, for FIDO keys inside the data of an assertion. */
function coveredBytes({ namespace, hashAlgorithm, publicKey, securityKey }: SshSignature, message: Uint8Array): Buffer {
  const data = Buffer.concat([
    SSHSIG_MAGIC,
    wireString(Buffer.from(namespace, 'latin1')),
    wireString(Buffer.alloc(0)), // reserved
    wireString(Buffer.from(hashAlgorithm, 'latin1')),
    wireString(createHash(hashAlgorithm).update(message).digest()),
  ]);
  if (securityKey === null) return data;
  // WebAuthn section 6.1 with the SSH data in the place of the client data (OpenSSH's PROTOCOL.u2f).
  const flagsAndCounter = Buffer.alloc(5);
  flagsAndCounter.writeUInt8(securityKey.flags, 0);
  flagsAndCounter.writeUInt32BE(securityKey.counter, 1);
  return Buffer.concat([sha256(Buffer.from(publicKey.application ?? '', 'latin1')), flagsAndCounter, sha256(data)]);
}

function verifies({ publicKey, primitiveHash, signature }: SshSignature, covered: Buffer): boolean {
  const key = publicKey.keyObject;
  switch (publicKey.facts.primitive.kind) {
    case 'ed25519':
      return verify(null, covered, key, signature);
    case 'ecdsa':
      return verify(primitiveHash, covered, { key, dsaEncoding: 'ieee-p1363' }, signature);
    case 'rsa':
      return verify(primitiveHash, covered, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** `string` of RFC 4251 section 5. */
function wireString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}
