import { CountersignError } from '../errors.js';
import { encodeText, verifySignature, type Key } from '../tuf/index.js';

/** Never to be taken for metadata, a statement or anything else that counts: it is no JSON. */
const PREFIX = 'countersign key proof\n';

/** For what, where and by which service a key is meant to be used. */
export interface KeyProofSubject {
  readonly factory: string;
  readonly keyid: string;
  readonly role: 'root' | 'targets';
  /** Hex SHA-256 of policy version 1. */
  readonly service: string;
}

/** A signature by the key itself; `method` and `sig` as in TUF metadata. */
export interface KeyProof {
  readonly method: string;
  readonly sig: string;
}

/** What a key signs to prove that its holder has it: one line that says what it is, and canonical text (RFC 8785). */
export function keyProofPayload({ factory, keyid, role, service }: KeyProofSubject): Buffer {
  return Buffer.from(
    `${PREFIX}${encodeText({ _type: 'countersign/key-proof', factory, keyid, role, service, spec: 1 })}`,
    'utf8',
  );
}

/**
 * Verifies that whoever made the proof has the private key, and gave it for just this use.
 *
 * @throws KEY_PROOF_INVALID, KEY_INVALID
 */
export function verifyKeyProof(subject: KeyProofSubject, key: Key, { method, sig }: KeyProof): void {
  const { keyid, factory, role } = subject;
  try {
    verifySignature(key, { keyid, method, sig }, keyProofPayload(subject));
  } catch (cause) {
    throw new CountersignError(
      'KEY_PROOF_INVALID',
      `nothing proves that the key ${keyid} is held for the role ${role} of ${factory}`,
      { details: { keyid, role, factory }, cause },
    );
  }
}
