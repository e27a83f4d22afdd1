import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TokenInfo } from '../../../src/signer/pkcs11/index.js';
import { ckrError } from '../../../src/signer/pkcs11/ckr.js';
import { logIn } from '../../../src/signer/worker/log-in.js';
import { codeOf } from '../../support/error-code.js';

/** SoftHSM never locks a PIN, so the token that does is played here. */
const info: TokenInfo = {
  label: 'release',
  serial: '1',
  manufacturer: 'm',
  model: 'm',
  firmware: { major: 1, minor: 0 },
  initialised: true,
  userPinFinalTry: false,
  userPinLocked: false,
};

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-login-'));
  writeFileSync(join(dir, 'pin'), '1234\n', { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Logs in to a token that answers with `ckr` (0 is fine); gives the code and the PINs that the token saw. */
function attempt(ckr: number, change: Partial<TokenInfo> = {}, isLoggedIn = false): [code: string, tried: string[]] {
  const tried: string[] = [];
  const session = {
    token: { info: { ...info, ...change } },
    isLoggedIn: () => isLoggedIn,
    login: (pin: string) => {
      tried.push(pin);
      if (ckr !== 0) throw ckrError('C_Login', ckr);
    },
  };
  return [codeOf(() => logIn(session, join(dir, 'pin'), dir)), tried];
}

const recorded = (): string[] => readdirSync(join(dir, 'pins'));

describe('logging in', () => {
  it('sends the PIN once and leaves no record when it was right', () => {
    expect(attempt(0)).toEqual(['NOTHING_THROWN', ['1234']]);
    expect(recorded()).toEqual([]);
  });

  it('sends no PIN to a token that allows one last try or has locked it', () => {
    expect(attempt(0, { userPinFinalTry: true })).toEqual(['PIN_REFUSED', []]);
    expect(attempt(0, { userPinLocked: true })).toEqual(['PIN_LOCKED', []]);
  });

  it('sends no PIN where the process is logged in already', () => {
    expect(attempt(0xa0, {}, true)).toEqual(['NOTHING_THROWN', []]);
  });

  it.each([
    ['CKR_PIN_INCORRECT', 0xa0, 'PIN_REFUSED', 'release_1.refused'],
    ['CKR_PIN_LEN_RANGE', 0xa2, 'PIN_REFUSED', 'release_1.refused'],
    ['CKR_PIN_LOCKED', 0xa4, 'PIN_LOCKED', 'release_1.locked'],
  ])('after %s never sends it again', (_, ckr, code, file) => {
    expect(attempt(ckr)).toEqual([code, ['1234']]);
    expect(recorded()).toEqual([file]);
    expect(attempt(0)).toEqual([code, []]);
  });

  it('may be repeated without end while the device is what fails', () => {
    for (let times = 0; times < 10; times += 1) expect(attempt(0x32)).toEqual(['TOKEN_UNAVAILABLE', ['1234']]);
    expect(recorded()).toEqual([]);
  });

  it('is given up after three answers that leave open whether the PIN was looked at', () => {
    for (let times = 0; times < 3; times += 1) expect(attempt(0x05)).toEqual(['TOKEN_FAILED', ['1234']]);
    expect(attempt(0)).toEqual(['PIN_REFUSED', []]);
  });
});
