import { describe, expect, it } from '@jest/globals';
import { redact } from '../../src/telemetry/redact.js';

describe('redact', () => {
  it.each([
    'pin',
    'userPin',
    'soPin',
    'password',
    'passphrase',
    'clientSecret',
    'authorization',
    'Authorization',
    'Osf-Token',
    'apiToken',
    'cookie',
    'set-cookie',
    'privateKey',
  ])('hides a member named %s, at any depth', (name) => {
    expect(redact({ outer: [{ [name]: 'hunter2' }] })).toEqual({ outer: [{ [name]: '[redacted]' }] });
  });

  it('keeps the label of a PKCS#11 token, hides a bearer token of the same name', () => {
    expect(redact({ token: 'acme-targets' })).toEqual({ token: 'acme-targets' });
    expect(redact({ token: `cst_01_${'x'.repeat(43)}` })).toEqual({ token: '[redacted]' });
  });

  it('keeps names that merely contain such letters', () => {
    const harmless = { spinning: 'x', pinned: 'x', keyid: 'ab', tokens: 'two', pinFileMode: 384 };
    expect(redact(harmless)).toEqual(harmless);
  });

  it('ends on a value that contains itself', () => {
    const loop: Record<string, unknown> = { pin: '1234' };
    loop['self'] = loop;
    expect(JSON.stringify(redact(loop))).not.toContain('1234');
  });
});
