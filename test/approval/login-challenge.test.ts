import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  encodeLoginChallenge,
  type LoginChallenge,
  NAMESPACES,
  parseLoginChallenge,
  verifySshSignature,
} from '../../src/approval/index.js';
import { codeOf, placeOf } from '../support/error-code.js';
import { openSshHome, type SshHome } from '../support/ssh.js';

const challenge: LoginChallenge = {
  service: createHash('sha256').update('policy').digest('hex'),
  nonce: '0123456789abcdef0123456789abcdef',
  expires: '2030-01-31T12:00:00Z',
};

let home: SshHome;
beforeAll(() => {
  home = openSshHome();
});
afterAll(() => home.close());

describe('a login challenge', () => {
  it.each([
    ['with its address', { ...challenge, url: 'https://countersign.example.com:8443/x' }],
    ['without an address', challenge],
  ])('is canonical text and comes back as it was, %s', (_what, given) => {
    const bytes = encodeLoginChallenge(given);
    expect(bytes.toString()).toMatch(/^\{"_type":"countersign\/login","expires":"2030-01-31T12:00:00Z","nonce":"/);
    expect(parseLoginChallenge(bytes)).toEqual(given);
  });

  it('is answered by stock ssh-keygen, and the answer approves nothing', () => {
    const message = encodeLoginChallenge(challenge);
    const armored = home.sign(home.generateKey(), NAMESPACES.login, message);
    expect(verifySshSignature({ armored, namespace: NAMESPACES.login, message }).namespace).toBe(NAMESPACES.login);
    expect(codeOf(() => verifySshSignature({ armored, namespace: NAMESPACES.approve, message }))).toBe(
      'SSHSIG_NAMESPACE',
    );
  });

  it.each([
    ['a short nonce', { nonce: '0123456789abcdef0123456789abcd' }, '/nonce'],
    ['a nonce of odd length', { nonce: '0123456789abcdef0123456789abcdef0' }, '/nonce'],
    ['a nonce that is not hex', { nonce: 'x'.repeat(32) }, '/nonce'],
    ['milliseconds', { expires: '2030-01-31T12:00:00.000Z' }, '/expires'],
    ['30 February', { expires: '2030-02-30T12:00:00Z' }, '/expires'],
    ['a short digest', { service: 'abc' }, '/service'],
    ['another protocol', { url: 'javascript:alert(1)' }, '/url'],
    ['no URL', { url: 'countersign' }, '/url'],
  ])('is not made with %s', (_what, change, pointer) => {
    expect(placeOf(() => encodeLoginChallenge({ ...challenge, ...change }))).toBe(`INPUT_INVALID ${pointer}`);
  });

  it('is not read with an unknown member', () => {
    const text = encodeLoginChallenge(challenge).toString().replace('"service"', '"role":"root","service"');
    expect(placeOf(() => parseLoginChallenge(text))).toBe('INPUT_INVALID /role');
  });
});
