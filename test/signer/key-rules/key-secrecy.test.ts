import { describe, expect, it } from '@jest/globals';
import { requireFreshSecrecy, requireSecrecy } from '../../../src/signer/key-rules/index.js';
import { codeOf } from '../../support/error-code.js';

const right = { sensitive: true, extractable: false, alwaysSensitive: true, neverExtractable: true, local: true };
const unstated = { sensitive: null, extractable: null, alwaysSensitive: null, neverExtractable: null, local: null };

describe('a new private key', () => {
  it.each(Object.keys(right))('is refused if %s alone is wrong', (attribute) => {
    const attributes = { ...right, [attribute]: attribute === 'extractable' };
    expect(codeOf(() => requireFreshSecrecy('k', attributes))).toBe('KEY_ATTRIBUTES');
  });

  it('passes if all is right, or not stated by the token', () => {
    expect(codeOf(() => requireFreshSecrecy('k', right))).toBe('NOTHING_THROWN');
    expect(codeOf(() => requireFreshSecrecy('k', unstated))).toBe('NOTHING_THROWN');
  });
});

describe('a private key that is to sign', () => {
  it.each([
    ['extractable', { ...right, extractable: true }],
    ['not sensitive', { ...right, sensitive: false }],
  ])('is refused if %s', (_, attributes) => {
    expect(codeOf(() => requireSecrecy('k', attributes))).toBe('KEY_ATTRIBUTES');
  });

  it('may have been restored from the token maker’s own backup', () => {
    expect(codeOf(() => requireSecrecy('k', { ...right, local: false }))).toBe('NOTHING_THROWN');
  });
});
