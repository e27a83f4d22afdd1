import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeRejection, NAMESPACES, parseRejection, verifySshSignature } from '../../src/approval/index.js';
import { codeOf, placeOf } from '../support/error-code.js';
import { openSshHome, type SshHome } from '../support/ssh.js';

const statementSha256 = createHash('sha256').update('statement').digest('hex');

let home: SshHome;
beforeAll(() => {
  home = openSshHome();
});
afterAll(() => home.close());

describe('a rejection', () => {
  it('is canonical text, and comes back as it was', () => {
    const bytes = encodeRejection({ statementSha256, reason: 'falsche Version — 43 ist zurückgezogen' });
    expect(bytes.toString()).toBe(
      `{"_type":"countersign/rejection","reason":"falsche Version — 43 ist zurückgezogen","spec":1,"statement":"${statementSha256}"}`,
    );
    expect(parseRejection(bytes)).toEqual({ statementSha256, reason: 'falsche Version — 43 ist zurückgezogen' });
    expect(parseRejection(bytes.toString())).toEqual(parseRejection(bytes));
  });

  it('is signed by stock ssh-keygen in a namespace where nothing else counts', () => {
    const key = home.generateKey();
    const message = encodeRejection({ statementSha256, reason: 'no' });
    const armored = home.sign(key, NAMESPACES.reject, message);
    expect(verifySshSignature({ armored, namespace: NAMESPACES.reject, message }).namespace).toBe(NAMESPACES.reject);
    for (const namespace of [NAMESPACES.approve, NAMESPACES.policy, NAMESPACES.login]) {
      expect(codeOf(() => verifySshSignature({ armored, namespace, message }))).toBe('SSHSIG_NAMESPACE');
    }
  });

  it.each([
    ['no reason', { statementSha256, reason: '' }, 'INPUT_INVALID /reason'],
    ['a blank reason', { statementSha256, reason: '  ' }, 'INPUT_INVALID /reason'],
    ['too long a reason', { statementSha256, reason: 'x'.repeat(1001) }, 'INPUT_INVALID /reason'],
    ['a newline in the reason', { statementSha256, reason: 'a\nb' }, 'CANONICAL_UNSAFE /reason'],
    ['a direction override', { statementSha256, reason: 'a\u202eb' }, 'CANONICAL_UNSAFE /reason'],
    [
      'an upper case digest',
      { statementSha256: statementSha256.toUpperCase(), reason: 'no' },
      'INPUT_INVALID /statement',
    ],
  ])('is not made with %s', (_what, rejection, place) => {
    expect(placeOf(() => encodeRejection(rejection))).toBe(place);
  });

  const good = encodeRejection({ statementSha256, reason: 'no' }).toString();
  it.each([
    ['another type', good.replace('rejection', 'statement'), 'INPUT_INVALID /_type'],
    ['another spec', good.replace('"spec":1', '"spec":2'), 'INPUT_INVALID /spec'],
    ['an unknown member', good.replace('"spec"', '"sign":1,"spec"'), 'INPUT_INVALID /sign'],
    ['a missing member', good.replace('"reason":"no",', ''), 'INPUT_INVALID /reason'],
    ['a repeated member', good.replace('"spec":1', '"spec":1,"spec":1'), 'CANONICAL_UNSAFE '],
    ['blanks', good.replace(':1', ': 1'), 'CANONICAL_UNSAFE '],
    ['a newline at its end', `${good}\n`, 'CANONICAL_UNSAFE '],
    ['a list around it', `[${good}]`, 'INPUT_INVALID '],
    ['no JSON', 'no', 'JSON_INVALID '],
    ['megabytes', good.replace('"no"', `"${'x'.repeat(10_000)}"`), 'JSON_TOO_LARGE '],
  ])('is not read from %s', (_what, text, place) => {
    expect(placeOf(() => parseRejection(text))).toBe(place);
  });
});
