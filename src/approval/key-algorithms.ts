/** The mathematics under a key: how its numbers are encoded and what `node:crypto` calls it. */
export type Primitive =
  | { readonly kind: 'ed25519' }
  | {
      readonly kind: 'ecdsa';
      /** The curve as the key blob names it (RFC 5656 section 10.1), and as a JWK does (RFC 7518 section 6.2.1.1). */
      readonly curve: 'nistp256' | 'nistp384' | 'nistp521';
      readonly jwkCurve: 'P-256' | 'P-384' | 'P-521';
      readonly fieldBytes: number;
    }
  | { readonly kind: 'rsa' };

export type SshKeyAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'ssh-rsa'
  | 'sk-ssh-ed25519@openssh.com'
  | 'sk-ecdsa-sha2-nistp256@openssh.com';

export interface KeyAlgorithmFacts {
  readonly name: SshKeyAlgorithm;
  readonly primitive: Primitive;
  /** A FIDO authenticator holds the key: the blob has an application, the signature has flags and a counter. */
  readonly securityKey: boolean;
  /** The signature algorithms that such a key may make, each with the digest of the primitive; `null`: none, it hashes itself. */
  readonly signatures: ReadonlyMap<string, 'sha256' | 'sha384' | 'sha512' | null>;
}

const ED25519 = { kind: 'ed25519' } as const;
const NISTP256 = { kind: 'ecdsa', curve: 'nistp256', jwkCurve: 'P-256', fieldBytes: 32 } as const;
const NISTP384 = { kind: 'ecdsa', curve: 'nistp384', jwkCurve: 'P-384', fieldBytes: 48 } as const;
const NISTP521 = { kind: 'ecdsa', curve: 'nistp521', jwkCurve: 'P-521', fieldBytes: 66 } as const;

/**
 * All that is accepted. The only key whose signatures have other names than itself is `ssh-rsa`
 * (RFC 8332 section 3), and its own name is missing there on purpose: that would be SHA-1.
 * ECDSA digests: RFC 5656 section 6.2.1.
 */
const FACTS: readonly KeyAlgorithmFacts[] = [
  { name: 'ssh-ed25519', primitive: ED25519, securityKey: false, signatures: new Map([['ssh-ed25519', null]]) },
  {
    name: 'ecdsa-sha2-nistp256',
    primitive: NISTP256,
    securityKey: false,
    signatures: new Map([['ecdsa-sha2-nistp256', 'sha256']]),
  },
  {
    name: 'ecdsa-sha2-nistp384',
    primitive: NISTP384,
    securityKey: false,
    signatures: new Map([['ecdsa-sha2-nistp384', 'sha384']]),
  },
  {
    name: 'ecdsa-sha2-nistp521',
    primitive: NISTP521,
    securityKey: false,
    signatures: new Map([['ecdsa-sha2-nistp521', 'sha512']]),
  },
  {
    name: 'ssh-rsa',
    primitive: { kind: 'rsa' },
    securityKey: false,
    signatures: new Map([
      ['rsa-sha2-256', 'sha256'],
      ['rsa-sha2-512', 'sha512'],
    ]),
  },
  {
    name: 'sk-ssh-ed25519@openssh.com',
    primitive: ED25519,
    securityKey: true,
    signatures: new Map([['sk-ssh-ed25519@openssh.com', null]]),
  },
  {
    name: 'sk-ecdsa-sha2-nistp256@openssh.com',
    primitive: NISTP256,
    securityKey: true,
    signatures: new Map([['sk-ecdsa-sha2-nistp256@openssh.com', 'sha256']]),
  },
];

const BY_NAME: ReadonlyMap<string, KeyAlgorithmFacts> = new Map(FACTS.map((facts) => [facts.name, facts]));

/** The facts of a key algorithm by its wire name, or undefined when such keys are not accepted. */
export function findKeyAlgorithm(name: string): KeyAlgorithmFacts | undefined {
  return BY_NAME.get(name);
}

/** For hints: what is accepted, in words. */
export const ACCEPTED_KEYS =
  'use an ssh-ed25519, ecdsa-sha2-nistp256/384/521, RSA (2048 bits or more) or FIDO (sk-) key, not a certificate';
