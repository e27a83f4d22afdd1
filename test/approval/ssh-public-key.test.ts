import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatSshPublicKey, parseSshPublicKey } from '../../src/approval/index.js';
import { codeOf } from '../support/error-code.js';
import { type GenerateOptions, openSshHome, type SshHome } from '../support/ssh.js';
import { softKey, wireString } from '../support/ssh-forge.js';

let home: SshHome;
beforeAll(() => {
  home = openSshHome();
});
afterAll(() => home.close());

const code = (line: string) => codeOf(() => parseSshPublicKey(line));

describe('a public key line', () => {
  const stock: readonly GenerateOptions[] = [
    { type: 'ed25519' },
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 384 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
  ];
  it.each(stock)('of stock ssh-keygen is parsed, with its fingerprint ($type $bits)', (options) => {
    const { publicKey } = home.generateKey({ ...options, comment: 'alice on her laptop' });
    const key = parseSshPublicKey(publicKey);
    expect(key.fingerprint).toBe(home.fingerprint(publicKey));
    expect(key).toMatchObject({ comment: 'alice on her laptop', application: null });
    expect(formatSshPublicKey(key)).toBe(publicKey);
    expect(publicKey.startsWith(`${key.algorithm} `)).toBe(true);
  });

  it.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const)(
    'of a FIDO key (%s) is parsed with its application, and its fingerprint is that of ssh-keygen',
    (type) => {
      const { line } = softKey(type, { application: 'ssh:acme' });
      const key = parseSshPublicKey(line);
      expect(key).toMatchObject({ algorithm: type, application: 'ssh:acme' });
      expect(key.fingerprint).toBe(home.fingerprint(line));
    },
  );

  it('may end in one newline and lack a comment', () => {
    const [type, base64] = softKey('ssh-ed25519').line.split(' ');
    expect(parseSshPublicKey(`${type} ${base64}\n`).comment).toBe('');
    expect(formatSshPublicKey(parseSshPublicKey(`${type} ${base64}\n`))).toBe(`${type} ${base64}`);
  });

  const good = softKey('ssh-ed25519').line;
  const [type, base64 = ''] = good.split(' ');
  it.each([
    ['nothing', ''],
    ['no key', 'ssh-ed25519'],
    ['two lines', `${good}\n${good}`],
    ['options before the type', `no-pty ${good}`],
    ['two blanks between', good.replace(' ', '  ')],
    ['a blank before', ` ${good}`],
    ['loose base64', `${type} ${base64.replace(/=*$/, '')}=`],
    ['another type than the key has', good.replace('ssh-ed25519 ', 'ssh-rsa ')],
    ['a control character in the comment', `${good}\u001b[2J`],
    ['a direction override in the comment', `${good}\u202e`],
    ['a line separator in the comment', `${good}\u2028`],
    ['a PEM file', '-----BEGIN PUBLIC KEY-----'],
    ['more characters than any key needs', `${good} ${'x'.repeat(8192)}`],
  ])('is refused with %s', (_what, line) => {
    expect(code(line)).toBe('SSH_KEY_INVALID');
  });
});

describe('a key is refused', () => {
  it('as a certificate', () => {
    const certificate = home.certify(home.generateKey(), home.generateKey());
    expect(certificate.publicKey).toMatch(/^ssh-ed25519-cert-v01@openssh\.com /);
    expect(code(certificate.publicKey)).toBe('SSH_KEY_INVALID');
  });

  it('as DSA', () => {
    expect(code(home.generateKey({ type: 'dsa' }).publicKey)).toBe('SSH_KEY_INVALID');
  });

  it.each(['constructor', '__proto__', 'ssh-ed448', ''])('with the unknown type %p', (name) => {
    const blob = Buffer.concat([wireString(name), wireString(Buffer.alloc(32, 3))]);
    expect(code(`${name} ${blob.toString('base64')}`)).toBe('SSH_KEY_INVALID');
  });

  it.each(['web:example', 'SSH:', '', 'ssh'])('as a FIDO key for the application %p', (application) => {
    expect(code(softKey('sk-ssh-ed25519@openssh.com', { application }).line)).toBe('SSH_KEY_INVALID');
  });
});
