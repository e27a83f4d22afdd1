import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAMESPACES, parseSshPublicKey, verifySshSignature } from '../../src/approval/index.js';
import { codeOf } from '../support/error-code.js';
import { type GenerateOptions, openSshHome, type SshHome, type SshKeyFiles } from '../support/ssh.js';
import { armor, dearmor, softKey, type SoftKeyType } from '../support/ssh-forge.js';

const NAMESPACE = NAMESPACES.approve;
const MESSAGE = Buffer.from('{"_type":"countersign/statement","reason":"naïve ✓"}');

const STOCK_KEYS: readonly (GenerateOptions & { algorithm: string })[] = [
  { type: 'ed25519', algorithm: 'ssh-ed25519' },
  { type: 'ecdsa', bits: 256, algorithm: 'ecdsa-sha2-nistp256' },
  { type: 'ecdsa', bits: 384, algorithm: 'ecdsa-sha2-nistp384' },
  { type: 'ecdsa', bits: 521, algorithm: 'ecdsa-sha2-nistp521' },
  { type: 'rsa', bits: 2048, algorithm: 'ssh-rsa' },
  { type: 'rsa', bits: 3072, algorithm: 'ssh-rsa' },
  { type: 'rsa', bits: 2049, algorithm: 'ssh-rsa' }, // a modulus that does not fill its bytes
];
const SECURITY_KEYS = ['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const;
const SOFT_KEYS: readonly SoftKeyType[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
  ...SECURITY_KEYS,
];

/** Every bit; of the two slow curves, which run the code of nistp256, one or two in each byte. */
function strideOf(type: SoftKeyType): number {
  return type === 'ecdsa-sha2-nistp384' || type === 'ecdsa-sha2-nistp521' ? 5 : 1;
}

function verifyCode(armored: string, message: Uint8Array = MESSAGE): string {
  return codeOf(() => verifySshSignature({ armored, namespace: NAMESPACE, message }));
}

let home: SshHome;
beforeAll(() => {
  home = openSshHome();
});
afterAll(() => home.close());

describe.each(STOCK_KEYS)(
  'signatures that stock ssh-keygen makes with $algorithm ($bits bits)',
  ({ algorithm, ...how }) => {
    let files: SshKeyFiles;
    beforeAll(() => {
      files = home.generateKey(how);
    });

    it.each(['sha256', 'sha512'] as const)('verify with the message hashed by %s', (hash) => {
      const armored = home.sign(files, NAMESPACE, MESSAGE, { hash });
      const key = parseSshPublicKey(files.publicKey);
      const signature = verifySshSignature({ armored, namespace: NAMESPACE, message: MESSAGE, key });
      expect(signature).toMatchObject({ namespace: NAMESPACE, hashAlgorithm: hash, securityKey: null });
      expect(signature.publicKey.algorithm).toBe(algorithm);
      expect(signature.publicKey.fingerprint).toBe(home.fingerprint(files.publicKey));
    });

    it('verify when only an agent holds the private key', () => {
      const held = home.generateKey(how);
      const agent = home.startAgent();
      agent.adopt(held);
      const armored = home.sign(held, NAMESPACE, MESSAGE, { agent });
      const key = parseSshPublicKey(held.publicKey);
      expect(verifySshSignature({ armored, namespace: NAMESPACE, message: MESSAGE, key }).publicKey.blob).toEqual(
        key.blob,
      );
    });

    it('do not verify over another message, in another namespace or by another key, here as there', () => {
      const armored = home.sign(files, NAMESPACE, MESSAGE);
      const other = Buffer.concat([MESSAGE, Buffer.from('\n')]);
      expect(home.verifies(files.publicKey, NAMESPACE, MESSAGE, armored)).toBe(true);
      expect(home.verifies(files.publicKey, NAMESPACE, other, armored)).toBe(false);
      expect(verifyCode(armored, other)).toBe('SSHSIG_MISMATCH');

      expect(home.verifies(files.publicKey, NAMESPACES.reject, MESSAGE, armored)).toBe(false);
      expect(codeOf(() => verifySshSignature({ armored, namespace: NAMESPACES.reject, message: MESSAGE }))).toBe(
        'SSHSIG_NAMESPACE',
      );

      const stranger = home.generateKey(how).publicKey;
      const key = parseSshPublicKey(stranger);
      expect(home.verifies(stranger, NAMESPACE, MESSAGE, armored)).toBe(false);
      expect(codeOf(() => verifySshSignature({ armored, namespace: NAMESPACE, message: MESSAGE, key }))).toBe(
        'SSHSIG_MISMATCH',
      );
    });
  },
);

describe.each(SOFT_KEYS)('signatures made by the specification with %s', (type) => {
  const key = softKey(type);

  it.each(['sha256', 'sha512'] as const)('verify here and by stock ssh-keygen, hashed by %s', (hash) => {
    const armored = key.sign(NAMESPACE, MESSAGE, { hash });
    expect(home.verifies(key.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(verifyCode(armored)).toBe('NOTHING_THROWN');
  });

  it('are refused here and by stock ssh-keygen when the namespace was exchanged afterwards', () => {
    const armored = key.sign(NAMESPACE, MESSAGE, { signedNamespace: NAMESPACES.login });
    expect(home.verifies(key.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(verifyCode(armored)).toBe('SSHSIG_MISMATCH');
  });

  it('are refused here and by stock ssh-keygen when another key was put in', () => {
    const other = softKey(type);
    const armored = key.sign(NAMESPACE, MESSAGE, { change: () => ({ publicKey: other.blob }) });
    expect(home.verifies(other.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(verifyCode(armored)).toBe('SSHSIG_MISMATCH');
  });

  it('are refused with a code whichever single bit is flipped', () => {
    const blob = dearmor(key.sign(NAMESPACE, MESSAGE));
    const accepted: number[] = [];
    const codes = new Set<string>();
    for (let bit = 0; bit < blob.length * 8; bit += strideOf(type)) {
      const flipped = Buffer.from(blob);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const code = verifyCode(armor(flipped));
      if (code === 'NOTHING_THROWN') accepted.push(bit);
      else codes.add(code);
    }
    expect(accepted).toEqual([]);
    expect([...codes].sort()).toEqual(['SSHSIG_INVALID', 'SSHSIG_MISMATCH', 'SSHSIG_NAMESPACE']);
  });

  it('never make it fail with anything but a code, however the blob is mangled', () => {
    const blob = dearmor(key.sign(NAMESPACE, MESSAGE));
    const edit = fc.record({
      at: fc.nat(blob.length),
      cut: fc.nat(8),
      put: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const mangled = edits.reduce<Buffer>(
          (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
          blob,
        );
        fc.pre(!mangled.equals(blob));
        expect(verifyCode(armor(mangled))).toMatch(/^SSHSIG_/);
      }),
      { seed: 20_300, numRuns: 500 },
    );
  });
});

it('never fails with anything but a code for text of any kind in the place of a signature', () => {
  const good = softKey('ssh-ed25519').sign(NAMESPACE, MESSAGE);
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .string({ maxLength: 300 })
      .map((text) => `-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----\n`),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => armor(Buffer.from(bytes))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => armor(Buffer.concat([Buffer.from('SSHSIG\0\0\0\x01'), bytes]))),
    fc
      .tuple(fc.nat(good.length), fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }))
      .map(([at, put]) => good.slice(0, at) + put + good.slice(at)),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      fc.pre(text !== good && text !== good.trimEnd() && `${text}\n` !== good);
      expect(verifyCode(text)).toMatch(/^SSHSIG_/);
    }),
    { seed: 20_301, numRuns: 1000 },
  );
});

describe.each(SECURITY_KEYS)('signatures of a FIDO key of type %s', (type) => {
  const key = softKey(type);

  it('say flags and counter, and count with a touch', () => {
    const armored = key.sign(NAMESPACE, MESSAGE, { flags: 0x05, counter: 0xfffffffe });
    expect(home.verifies(key.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(verifySshSignature({ armored, namespace: NAMESPACE, message: MESSAGE }).securityKey).toEqual({
      flags: 5,
      counter: 0xfffffffe,
      userPresent: true,
      userVerified: true,
    });
  });

  it.each([0x00, 0x04])('are refused without a touch (flags %i), though stock ssh-keygen takes them', (flags) => {
    const armored = key.sign(NAMESPACE, MESSAGE, { flags });
    expect(home.verifies(key.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(verifyCode(armored)).toBe('SSHSIG_USER_PRESENCE');
  });

  it('are refused here and by stock ssh-keygen when the touch was only written in afterwards', () => {
    const armored = key.sign(NAMESPACE, MESSAGE, { flags: 0x01, signedFlags: 0x00 });
    expect(home.verifies(key.line, NAMESPACE, MESSAGE, armored)).toBe(false);
    expect(verifyCode(armored)).toBe('SSHSIG_MISMATCH');
  });

  it('are bound to the application of the key, of which several are fine', () => {
    const other = softKey(type, { application: 'ssh:countersign' });
    const armored = other.sign(NAMESPACE, MESSAGE);
    expect(home.verifies(other.line, NAMESPACE, MESSAGE, armored)).toBe(true);
    expect(verifyCode(armored)).toBe('NOTHING_THROWN');
    expect(parseSshPublicKey(other.line).application).toBe('ssh:countersign');
  });
});
