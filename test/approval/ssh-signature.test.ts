import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NAMESPACES, parseSshSignature, verifySshSignature } from '../../src/approval/index.js';
import { codeOf } from '../support/error-code.js';
import { openSshHome, type SshHome } from '../support/ssh.js';
import { mpint, softKey, type SshsigParts, wireString } from '../support/ssh-forge.js';

const NAMESPACE = NAMESPACES.approve;
const MESSAGE = Buffer.from('statement');

let home: SshHome;
beforeAll(() => {
  home = openSshHome();
});
afterAll(() => home.close());

const ed25519 = softKey('ssh-ed25519');
const ecdsa = softKey('ecdsa-sha2-nistp256');
const rsa = softKey('ssh-rsa');
const fido = softKey('sk-ssh-ed25519@openssh.com');

/** The bare signature in a signature field: the second string. */
function bareOf(signature: Buffer): Buffer {
  const start = 4 + signature.readUInt32BE(0);
  return signature.subarray(start + 4, start + 4 + signature.readUInt32BE(start));
}

function code(armored: string): string {
  return codeOf(() => parseSshSignature(armored));
}

type Change = (parts: SshsigParts) => Partial<SshsigParts>;

describe('refuses, as stock ssh-keygen does,', () => {
  const forgeries: readonly (readonly [string, Change])[] = [
    ['another preamble', () => ({ magic: Buffer.from('SSHSIH') })],
    ['a version from the future', () => ({ version: 2 })],
    ['an unknown hash algorithm', () => ({ hashAlgorithm: 'sha1' })],
    ['an empty hash algorithm', () => ({ hashAlgorithm: '' })],
    ['bytes after the end', () => ({ trailing: Buffer.from([0]) })],
    ['bytes after the public key', ({ publicKey }) => ({ publicKey: Buffer.concat([publicKey, Buffer.from([0])]) })],
    ['bytes after the signature', ({ signature }) => ({ signature: Buffer.concat([signature, Buffer.from([0])]) })],
    ['a signature cut short', ({ signature }) => ({ signature: signature.subarray(0, -1) })],
    ['an empty signature', () => ({ signature: Buffer.alloc(0) })],
    ['a key of another type than the signature', () => ({ publicKey: ecdsa.blob })],
    ['a FIDO key with a plain signature', () => ({ publicKey: fido.blob })],
    [
      'a signature of another type than the key',
      ({ signature }) => ({ signature: Buffer.concat([wireString('ssh-dss'), wireString(bareOf(signature))]) }),
    ],
    [
      'an Ed25519 signature of 63 bytes',
      ({ signature }) => ({
        signature: Buffer.concat([wireString('ssh-ed25519'), wireString(bareOf(signature).subarray(1))]),
      }),
    ],
  ];

  it.each(forgeries)('%s', (_what, change) => {
    const armored = ed25519.sign(NAMESPACE, MESSAGE, { change });
    expect(home.verifies(ed25519.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });

  it('RSA with SHA-1', () => {
    const armored = rsa.sign(NAMESPACE, MESSAGE, { rsaAlgorithm: 'ssh-rsa' });
    expect(home.verifies(rsa.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });

  it('a FIDO signature without flags and counter', () => {
    const armored = fido.sign(NAMESPACE, MESSAGE, {
      change: ({ signature }) => ({ signature: signature.subarray(0, -5) }),
    });
    expect(home.verifies(fido.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });

  it('RSA keys that are too short', () => {
    const short = softKey('ssh-rsa', { rsaBits: 1016 });
    const armored = short.sign(NAMESPACE, MESSAGE);
    expect(home.verifies(short.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });
});

describe('refuses what stock ssh-keygen lets pass:', () => {
  const forgeries: readonly (readonly [string, Change])[] = [
    ['version 0', () => ({ version: 0 })],
    ['content in the reserved field', () => ({ reserved: Buffer.from('later') })],
  ];

  it.each(forgeries)('%s', (_what, change) => {
    const armored = ed25519.sign(NAMESPACE, MESSAGE, { change });
    expect(home.verifies(ed25519.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });

  it('RSA keys below 2048 bits', () => {
    const short = softKey('ssh-rsa', { rsaBits: 2040 });
    const armored = short.sign(NAMESPACE, MESSAGE);
    expect(home.verifies(short.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });

  it('a second encoding of the same ECDSA numbers', () => {
    const armored = ecdsa.sign(NAMESPACE, MESSAGE, {
      change: ({ signature }) => {
        const numbers = bareOf(signature);
        const r = numbers.subarray(4, 4 + numbers.readUInt32BE(0));
        const paddedR = wireString(Buffer.concat([Buffer.alloc(1), r]));
        const value = Buffer.concat([paddedR, numbers.subarray(4 + r.length)]);
        return { signature: Buffer.concat([wireString(ecdsa.type), wireString(value)]) };
      },
    });
    expect(home.verifies(ecdsa.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });
});

describe('refuses', () => {
  it('an empty namespace', () => {
    expect(code(ed25519.sign('', MESSAGE))).toBe('SSHSIG_INVALID');
  });

  it('a namespace that cannot be shown', () => {
    expect(code(ed25519.sign('countersign-approve-v1\n', MESSAGE))).toBe('SSHSIG_INVALID');
  });

  const numbers: readonly (readonly [string, Buffer])[] = [
    ['r of zero', Buffer.concat([wireString(''), mpint(Buffer.from([1]))])],
    ['s of zero', Buffer.concat([mpint(Buffer.from([1])), wireString('')])],
    ['a negative r', Buffer.concat([wireString(Buffer.from([0x80])), mpint(Buffer.from([1]))])],
    ['an r wider than the curve', Buffer.concat([mpint(Buffer.alloc(33, 1)), mpint(Buffer.from([1]))])],
    ['one number only', mpint(Buffer.from([1]))],
    ['three numbers', Buffer.concat([mpint(Buffer.from([1])), mpint(Buffer.from([1])), mpint(Buffer.from([1]))])],
  ];
  it.each(numbers)('an ECDSA value with %s', (_what, value) => {
    const signature = Buffer.concat([wireString(ecdsa.type), wireString(value)]);
    const armored = ecdsa.sign(NAMESPACE, MESSAGE, { change: () => ({ signature }) });
    expect(home.verifies(ecdsa.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });

  it('an ECDSA value at or above the order of its curve', () => {
    const value = Buffer.concat([mpint(Buffer.alloc(32, 0xff)), mpint(Buffer.alloc(32, 0xff))]);
    const signature = Buffer.concat([wireString(ecdsa.type), wireString(value)]);
    const armored = ecdsa.sign(NAMESPACE, MESSAGE, { change: () => ({ signature }) });
    expect(codeOf(() => verifySshSignature({ armored, namespace: NAMESPACE, message: MESSAGE }))).toBe(
      'SSHSIG_MISMATCH',
    );
  });

  it.each([255, 257])('an RSA value of %i bytes under a modulus of 256', (length) => {
    const signature = Buffer.concat([wireString('rsa-sha2-512'), wireString(Buffer.alloc(length, 1))]);
    expect(code(rsa.sign(NAMESPACE, MESSAGE, { change: () => ({ signature }) }))).toBe('SSHSIG_INVALID');
  });

  it('a WebAuthn assertion in the place of a FIDO signature', () => {
    const key = softKey('sk-ecdsa-sha2-nistp256@openssh.com');
    const armored = key.sign(NAMESPACE, MESSAGE, {
      change: ({ signature }) => ({
        signature: Buffer.concat([
          wireString('webauthn-sk-ecdsa-sha2-nistp256@openssh.com'),
          signature.subarray(4 + signature.readUInt32BE(0)),
        ]),
      }),
    });
    expect(code(armored)).toBe('SSHSIG_INVALID');
  });
});

it('refuses a signature made with a certificate', () => {
  const ca = home.generateKey();
  const files = home.generateKey();
  const certificate = home.certify(ca, files);
  const armored = home.sign(certificate, NAMESPACE, MESSAGE);
  expect(code(armored)).toBe('SSHSIG_INVALID');
  expect(code(home.sign(files, NAMESPACE, MESSAGE))).toBe('NOTHING_THROWN');
});
