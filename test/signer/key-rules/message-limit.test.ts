import { describe, expect, it } from '@jest/globals';
import { messageLimitOf, requireWithinLimit } from '../../../src/signer/key-rules/index.js';
import { codeOf } from '../../support/error-code.js';

const yubiHsm = (minor: number) => ({
  manufacturer: 'Yubico (www.yubico.com)',
  model: 'YubiHSM',
  firmware: { major: 2, minor },
});

describe('the longest message', () => {
  it('is limited by the firmware for Ed25519 on a YubiHSM, which counts 2.4.0 as 2.40', () => {
    expect(messageLimitOf(yubiHsm(40), 'ED25519')).toBe(3114);
    expect(messageLimitOf(yubiHsm(41), 'ED25519')).toBe(3114);
    expect(messageLimitOf(yubiHsm(31), 'ED25519')).toBe(2026);
  });

  it('has no limit for RSA, which signs a digest, or on other tokens', () => {
    expect(messageLimitOf(yubiHsm(40), 'RSA')).toBeNull();
    const softHsm = { manufacturer: 'SoftHSM project', model: 'SoftHSM v2', firmware: { major: 2, minor: 6 } };
    expect(messageLimitOf(softHsm, 'ED25519')).toBeNull();
  });

  it('is refused from one byte above', () => {
    expect(codeOf(() => requireWithinLimit('k', 3114, 3114))).toBe('NOTHING_THROWN');
    expect(codeOf(() => requireWithinLimit('k', 3115, 3114))).toBe('TOKEN_MESSAGE_LIMIT');
    expect(codeOf(() => requireWithinLimit('k', 50_000_000, null))).toBe('NOTHING_THROWN');
  });
});
