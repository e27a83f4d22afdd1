import { SessionFlag, UserType } from 'graphene-pk11';
import { CountersignError } from '../../errors.js';
import { call } from './call.js';
import { findToken } from './find-token.js';
import type { Pkcs11Module, TokenInfo } from './module.js';

/** A token's label fills a field of this many bytes, padded with blanks. */
const LABEL_BYTES = 32;

/**
 * Initialises a token that never was: label, SO PIN, user PIN. A token that holds something is never touched, and no
 * second one is made with a label that is taken.
 *
 * @throws TOKEN_AMBIGUOUS if the label is taken, TOKEN_NOT_FOUND if no uninitialised token is there, INPUT_INVALID
 */
export function initToken(module: Pkcs11Module, label: string, soPin: string, userPin: string): TokenInfo {
  const missing = LABEL_BYTES - Buffer.byteLength(label);
  if (label === '' || missing < 0) {
    throw new CountersignError('INPUT_INVALID', `a token label has 1 to ${LABEL_BYTES} bytes`);
  }
  const tokens = module.tokens();
  if (tokens.some(({ info }) => info.initialised && info.label === label)) {
    throw new CountersignError('TOKEN_AMBIGUOUS', `a token with label ${label} is there already`);
  }
  const blank = tokens.find(({ info }) => !info.initialised);
  if (blank === undefined) {
    throw new CountersignError('TOKEN_NOT_FOUND', 'no uninitialised token is there', {
      hint: 'initialise a hardware token with its vendor’s tool',
    });
  }
  const { lib, handle } = blank.slot;
  call('C_InitToken', () => lib.C_InitToken(handle, soPin, label + ' '.repeat(missing)));
  setUserPin(module, label, soPin, userPin);
  return findToken(module, { label }).info;
}

/** The token is looked up anew: SoftHSM gives it another slot once it is initialised. */
function setUserPin(module: Pkcs11Module, label: string, soPin: string, userPin: string): void {
  const { slot } = findToken(module, { label });
  const session = call('C_OpenSession', () => slot.open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION));
  try {
    call('C_Login', () => session.login(soPin, UserType.SO));
    call('C_InitPIN', () => session.initPin(userPin));
    call('C_Logout', () => session.logout());
  } finally {
    session.close();
  }
}
