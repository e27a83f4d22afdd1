import { Module, type Slot, type Token, TokenFlag } from 'graphene-pk11';
import { CountersignError } from '../../errors.js';
import { call } from './call.js';
import { OS_LOCKING_OK } from './constants.js';

export interface ModuleOptions {
  /** Absolute path of the shared library. */
  readonly path: string;
  readonly libraryParameters?: string | undefined;
}

/** What a token says of itself. */
export interface TokenInfo {
  readonly label: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: { readonly major: number; readonly minor: number };
  readonly initialised: boolean;
  readonly userPinFinalTry: boolean;
  readonly userPinLocked: boolean;
}

/** A token where it is plugged in just now. Slot numbers change; never keep one. */
export interface TokenInSlot {
  readonly slot: Slot;
  readonly info: TokenInfo;
}

/** A loaded and initialised module: one per process. */
export class Pkcs11Module {
  readonly native: Module;

  private constructor(native: Module) {
    this.native = native;
  }

  /** @throws MODULE_NOT_LOADED, or the table's code for a failed C_Initialize */
  static open(options: ModuleOptions): Pkcs11Module {
    const native = load(options.path);
    const parameters = options.libraryParameters?.trimEnd();
    call('C_Initialize', () =>
      native.initialize({
        flags: OS_LOCKING_OK,
        // pkcs11js cuts off the last character of the string
        ...(parameters === undefined ? {} : { libraryParameters: `${parameters} ` }),
      }),
    );
    return new Pkcs11Module(native);
  }

  /** Every token that is plugged in and answers. A slot that errs is passed over: it may be somebody else's. */
  tokens(): TokenInSlot[] {
    const slots = call('C_GetSlotList', () => this.native.getSlots(true));
    const found: TokenInSlot[] = [];
    for (let index = 0; index < slots.length; index += 1) {
      try {
        const slot = slots.items(index);
        found.push({ slot, info: describe(slot.getToken()) });
      } catch {
        continue;
      }
    }
    return found;
  }

  /** C_Finalize. Sessions must have been logged out and closed before: a YubiHSM leaks one of its 16 otherwise. */
  close(): void {
    call('C_Finalize', () => this.native.finalize());
  }
}

function load(path: string): Module {
  try {
    return Module.load(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new CountersignError('MODULE_NOT_LOADED', `the PKCS#11 module ${path} cannot be loaded: ${reason}`, {
      hint: 'check the path of the module and that this user may read it',
      details: { module: path },
      cause,
    });
  }
}

function describe(token: Token): TokenInfo {
  const has = (flag: TokenFlag): boolean => (token.flags & flag) !== 0;
  return {
    label: token.label,
    serial: token.serialNumber,
    manufacturer: token.manufacturerID,
    model: token.model,
    firmware: { major: token.firmwareVersion.major, minor: token.firmwareVersion.minor },
    initialised: has(TokenFlag.TOKEN_INITIALIZED),
    userPinFinalTry: has(TokenFlag.USER_PIN_FINAL_TRY),
    userPinLocked: has(TokenFlag.USER_PIN_LOCKED),
  };
}
