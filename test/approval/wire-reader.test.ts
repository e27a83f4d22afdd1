import { describe, expect, it } from '@jest/globals';
import { WireReader } from '../../src/approval/wire-reader.js';
import { codeOf } from '../support/error-code.js';
import { mpint, uint32, wireString } from '../support/ssh-forge.js';

const reader = (...parts: Buffer[]) => new WireReader(Buffer.concat(parts), 'SSHSIG_INVALID', 'structure');

describe('the wire reader', () => {
  it('reads every type in order and ends', () => {
    const r = reader(Buffer.from([9]), uint32(0xfffffffe), wireString('name'), mpint(Buffer.from([0x80, 1])));
    expect(r.byte('b')).toBe(9);
    expect(r.uint32('u')).toBe(0xfffffffe);
    expect(r.text('t')).toBe('name');
    expect(r.positiveMpint('m')).toEqual(Buffer.from([0x80, 1]));
    expect(() => r.end()).not.toThrow();
  });

  it('refuses bytes left over', () => {
    const r = reader(wireString(''), Buffer.from([0]));
    r.string('empty');
    expect(codeOf(() => r.end())).toBe('SSHSIG_INVALID');
  });

  it.each([
    ['a length without its bytes', Buffer.from([0, 0, 0, 2, 1])],
    ['half a length', Buffer.from([0, 0])],
    ['a length of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3])],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', (_what, bytes) => {
    expect(codeOf(() => reader(bytes).string('value'))).toBe('SSHSIG_INVALID');
  });

  it.each([
    ['zero', Buffer.alloc(0)],
    ['zero with octets', Buffer.from([0])],
    ['a negative number', Buffer.from([0x80])],
    ['a needless leading zero', Buffer.from([0, 0x7f])],
    ['needless leading zeros before a large number', Buffer.from([0, 0, 0x80])],
  ])('refuses as a positive number: %s', (_what, bytes) => {
    expect(codeOf(() => reader(wireString(bytes)).positiveMpint('n'))).toBe('SSHSIG_INVALID');
  });

  it.each(['a\nb', 'a\u007f', 'é', 'x'.repeat(256)])('refuses a name that is not short and printable', (name) => {
    expect(codeOf(() => reader(wireString(name)).text('name'))).toBe('SSHSIG_INVALID');
  });

  it('reports in the code it was given', () => {
    const keyReader = new WireReader(Buffer.alloc(0), 'SSH_KEY_INVALID', 'key');
    expect(codeOf(() => keyReader.byte('b'))).toBe('SSH_KEY_INVALID');
  });
});
