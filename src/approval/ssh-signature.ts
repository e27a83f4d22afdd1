import { parseArmor } from './armor.js';
import type { Primitive } from './key-algorithms.js';
import { parsePublicKeyBlob, type SshPublicKey } from './ssh-public-key.js';
import { WireReader } from './wire-reader.js';

/** What a FIDO authenticator says beside its signature. The signature covers all of it. */
export interface SecurityKeyAssertion {
  /** The flags byte of the authenticator data (WebAuthn section 6.1). */
  readonly flags: number;
  /** The authenticator's signature counter, as it says. */
  readonly counter: number;
  /** Somebody touched it. */
  readonly userPresent: boolean;
  /** It checked a PIN or a finger. */
  readonly userVerified: boolean;
}

export interface SshSignature {
  /** The key in the signature: a claim until the signature was verified, and then no more than a key. */
  readonly publicKey: SshPublicKey;
  readonly namespace: string;
  /** The digest of the message. */
  readonly hashAlgorithm: 'sha256' | 'sha512';
  /** The wire name of the signature algorithm; differs from the key's only for RSA. */
  readonly signatureAlgorithm: string;
  /** The digest of the primitive; `null` for Ed25519. */
  readonly primitiveHash: 'sha256' | 'sha384' | 'sha512' | null;
  /** The bare signature: R‖S of Ed25519, r‖s of ECDSA at the curve's width, or an RSA number as long as the modulus. */
  readonly signature: Buffer;
  readonly securityKey: SecurityKeyAssertion | null;
}

export const SSHSIG_MAGIC = Buffer.from('SSHSIG', 'latin1');
const VERSION = 1;
const ED25519_SIGNATURE_BYTES = 64;
const FLAG_USER_PRESENT = 0x01;
const FLAG_USER_VERIFIED = 0x04;

/**
 * Parses an armored SSH signature (PROTOCOL.sshsig sections 1 and 2). It is not verified by this.
 *
 * @throws SSHSIG_INVALID any deviation from the format, also those ssh-keygen tolerates: version 0, a reserved field with content
 */
export function parseSshSignature(armored: string): SshSignature {
  const reader: WireReader = new WireReader(parseArmor(armored), 'SSHSIG_INVALID', 'SSH signature');
  if (!reader.take(SSHSIG_MAGIC.length, 'preamble').equals(SSHSIG_MAGIC)) reader.fail('has not the preamble SSHSIG');
  const version = reader.uint32('version');
  if (version !== VERSION) reader.fail(`is of version ${version}; this program knows version 1`);
  const publicKey = parsePublicKeyBlob(reader.string('public key'), 'SSHSIG_INVALID');
  const namespace = reader.text('namespace');
  if (namespace === '') reader.fail('has an empty namespace');
  // Readers that skip a filled reserved field would disagree with those that one day act on it.
  if (reader.string('reserved field').length !== 0) reader.fail('has content in its reserved field');
  const hashAlgorithm = reader.text('hash algorithm');
  if (hashAlgorithm !== 'sha256' && hashAlgorithm !== 'sha512') {
    reader.fail(`uses the hash algorithm ${hashAlgorithm}`, 'sign with -O hashalg=sha512 or sha256');
  }
  const inner = reader.string('signature');
  reader.end();
  return { publicKey, namespace, hashAlgorithm, ...readSignature(inner, publicKey) };
}

/** The signature field: its algorithm, the bare signature, and for FIDO keys flags and counter. */
function readSignature(
  bytes: Buffer,
  { facts, keyObject }: SshPublicKey,
): Pick<SshSignature, 'signatureAlgorithm' | 'primitiveHash' | 'signature' | 'securityKey'> {
  const reader: WireReader = new WireReader(bytes, 'SSHSIG_INVALID', 'SSH signature');
  const signatureAlgorithm = reader.text('signature algorithm');
  const primitiveHash = facts.signatures.get(signatureAlgorithm);
  if (primitiveHash === undefined) {
    reader.fail(
      `was made with ${signatureAlgorithm}, which a key of type ${facts.name} may not use here`,
      `a key of type ${facts.name} signs with ${[...facts.signatures.keys()].join(' or ')}`,
    );
  }
  const modulusBits = keyObject.asymmetricKeyDetails?.modulusLength ?? 0;
  const signature = readBareSignature(reader, reader.string('signature value'), facts.primitive, modulusBits);
  const securityKey = facts.securityKey ? readAssertion(reader) : null;
  reader.end();
  return { signatureAlgorithm, primitiveHash, signature, securityKey };
}

function readBareSignature(reader: WireReader, value: Buffer, primitive: Primitive, modulusBits: number): Buffer {
  switch (primitive.kind) {
    case 'ed25519': // RFC 8709 section 6
      if (value.length !== ED25519_SIGNATURE_BYTES) reader.fail('has an Ed25519 value that is not 64 bytes long');
      return value;
    case 'ecdsa': {
      // RFC 5656 section 3.1.2
      const numbers: WireReader = new WireReader(value, 'SSHSIG_INVALID', 'SSH signature');
      const r = atWidth(numbers.positiveMpint('r'), primitive.fieldBytes, reader);
      const s = atWidth(numbers.positiveMpint('s'), primitive.fieldBytes, reader);
      numbers.end();
      return Buffer.concat([r, s]);
    }
    case 'rsa': // RFC 8332 section 3: as long as the modulus; the shorter forms that it tolerates are refused
      if (value.length !== Math.ceil(modulusBits / 8)) reader.fail('has an RSA value not as long as the modulus');
      return value;
  }
}

/** A number as a field element of fixed width (IEEE P1363), the form without another layer of encoding to get wrong. */
function atWidth(magnitude: Buffer, width: number, reader: WireReader): Buffer {
  if (magnitude.length > width) reader.fail('has an ECDSA value larger than its curve');
  return Buffer.concat([Buffer.alloc(width - magnitude.length), magnitude]);
}

function readAssertion(reader: WireReader): SecurityKeyAssertion {
  const flags = reader.byte('flags');
  const counter = reader.uint32('counter');
  return {
    flags,
    counter,
    userPresent: (flags & FLAG_USER_PRESENT) !== 0,
    userVerified: (flags & FLAG_USER_VERIFIED) !== 0,
  };
}
