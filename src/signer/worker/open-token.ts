import { CountersignError, isCountersignError } from '../../errors.js';
import { algorithmOf, type Signature, verifySignature } from '../../tuf/index.js';
import {
  CANARY_LABEL,
  messageLimitOf,
  parseKeyLabel,
  requireCanaryText,
  requireKeyProofText,
  requireSecrecy,
  requireWithinLimit,
} from '../key-rules/index.js';
import {
  destroyKeyPair,
  findToken,
  type KeyPair,
  type KeyPairs,
  listKeyPairs,
  Pkcs11Module,
  signWith,
  TokenSession,
} from '../pkcs11/index.js';
import { actionAfter } from '../pkcs11/ckr.js';
import type { CanaryKey, TokenKey, TokenSelector } from '../token-types.js';
import { logIn, recordRefusal } from './log-in.js';

/** Tries of one signing inside one process, before a fresh process is asked for. */
const MAX_TRIES = 3;

export interface OpenOptions {
  readonly module: { readonly path: string; readonly libraryParameters?: string };
  readonly selector: TokenSelector;
  readonly pinFile: string;
  readonly stateDir: string;
}

/** What a key may sign: what it is asked for by its role, or canary texts. */
type Use = 'role' | 'canary';

/** A key pair, and what follows from what the token says of it and of itself. */
interface UsablePair {
  readonly pair: KeyPair;
  /** Null for a key that is none of ours. */
  readonly use: Use | null;
  /** The TUF signature method. */
  readonly method: string;
  readonly maxMessageBytes: number | null;
}

/** A token that this process is logged in to. */
export class OpenToken {
  readonly #module: Pkcs11Module;
  readonly #stateDir: string;
  readonly session: TokenSession;
  #found: KeyPairs;
  /** By keyid, as they are first asked for: thousands of documents are signed with one of them. */
  readonly #usable = new Map<string, UsablePair>();

  private constructor(module: Pkcs11Module, stateDir: string, session: TokenSession) {
    this.#module = module;
    this.#stateDir = stateDir;
    this.session = session;
    this.#found = listKeyPairs(session);
  }

  /**
   * Loads the module, finds the token, logs in and lists the keys. After an error the process is of no more use.
   *
   * @throws MODULE_NOT_LOADED, TOKEN_NOT_FOUND, TOKEN_AMBIGUOUS, PIN_FILE_INVALID, PIN_REFUSED, PIN_LOCKED, …
   */
  static open(options: OpenOptions): OpenToken {
    const module = Pkcs11Module.open(options.module);
    const token = findToken(module, options.selector);
    const session = TokenSession.open(token);
    try {
      logIn(session, options.pinFile, options.stateDir);
      return new OpenToken(module, options.stateDir, session);
    } catch (error) {
      session.close();
      throw error;
    }
  }

  get found(): KeyPairs {
    return this.#found;
  }

  /** The keys with a label of ours. */
  keys(): TokenKey[] {
    return this.#found.pairs.flatMap((pair) => this.describe(pair) ?? []);
  }

  /** The key with which this token proves that it can sign, if it has one. */
  canary(): CanaryKey | null {
    const pair = this.#found.pairs.find(({ ckaLabel }) => ckaLabel === CANARY_LABEL);
    return pair === undefined ? null : { keyid: pair.keyid, key: pair.key };
  }

  /** Looks at the token again: another process may have made a key. */
  refresh(): void {
    this.#found = listKeyPairs(this.session);
    this.#usable.clear();
  }

  /** Null for a key whose label is none of ours. */
  describe(pair: KeyPair): TokenKey | null {
    const label = parseKeyLabel(pair.ckaLabel);
    if (label === null) return null;
    const { info } = this.session.token;
    return {
      keyid: pair.keyid,
      key: pair.key,
      keytype: pair.key.keytype,
      role: label.role,
      factory: label.factory,
      token: { label: info.label, serial: info.serial },
      ckaId: pair.ckaId.toString('hex'),
      ckaLabel: pair.ckaLabel,
      attributes: pair.attributes,
      maxMessageBytes: messageLimitOf(info, pair.key.keytype),
    };
  }

  /**
   * Signs, and verifies the signature with the public key before anyone sees it.
   *
   * @throws KEY_NOT_FOUND, KEY_AMBIGUOUS, KEY_ATTRIBUTES, TOKEN_MESSAGE_LIMIT, SIGNATURE_WRONG and what the token says
   */
  sign(keyid: string, payload: Uint8Array): Signature {
    return this.#sign(keyid, payload, 'role');
  }

  /**
   * Signs without verifying: for many documents, where whoever asked verifies one while the token makes the next.
   *
   * @throws as `sign`, but for SIGNATURE_WRONG
   */
  signUnverified(keyid: string, payload: Uint8Array): Signature {
    return this.#make(keyid, payload, 'role').signature;
  }

  /** The same with the canary key, which signs nothing else. @throws INPUT_INVALID, and the codes of `sign` */
  signCanary(keyid: string, payload: Uint8Array): Signature {
    requireCanaryText(Buffer.from(payload));
    return this.#sign(keyid, payload, 'canary');
  }

  /** A key's proof of itself, with a key that has a role. @throws INPUT_INVALID for another text, and the codes of `sign` */
  prove(keyid: string, payload: Uint8Array): Signature {
    requireKeyProofText(Buffer.from(payload));
    return this.sign(keyid, payload);
  }

  /**
   * Destroys a key with a role. What a crash left of it (its public part) is taken away as well.
   *
   * @returns false if nothing of it was there
   * @throws KEY_AMBIGUOUS, KEY_ROLE_MISMATCH for a key that has none of our labels
   */
  destroy(keyid: string): boolean {
    this.refresh();
    if (this.#found.ambiguous.has(keyid)) throw ambiguous(keyid);
    const pair = this.#found.pairs.find((candidate) => candidate.keyid === keyid);
    if (pair !== undefined && parseKeyLabel(pair.ckaLabel) === null) {
      throw new CountersignError('KEY_ROLE_MISMATCH', `the key ${pair.ckaLabel} is none with a role`, {
        details: { keyid },
      });
    }
    const destroyed = destroyKeyPair(this.session, keyid, pair?.privateKey ?? null);
    this.refresh();
    return destroyed;
  }

  #sign(keyid: string, payload: Uint8Array, use: Use): Signature {
    const { pair, signature } = this.#make(keyid, payload, use);
    this.#requireRight(pair, signature, payload);
    return signature;
  }

  /** @returns the signature, not verified yet, and the key pair that made it */
  #make(keyid: string, payload: Uint8Array, use: Use): { pair: KeyPair; signature: Signature } {
    const message = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let tries = 1; ; tries += 1) {
      try {
        const usable = this.#find(keyid, use);
        return { pair: usable.pair, signature: this.#makeWith(usable, message) };
      } catch (error) {
        const action = actionAfter(error);
        recordRefusal(this.session.token.info, this.#stateDir, error);
        if (tries === MAX_TRIES || (action !== 'retry' && action !== 'fresh-session')) throw error;
        if (action === 'fresh-session') this.#freshSession();
      }
    }
  }

  /** The same with a key pair in hand, and no second try. */
  signPair(pair: KeyPair, message: Buffer): Signature {
    const signature = this.#makeWith(this.#toUsable(pair), message);
    this.#requireRight(pair, signature, message);
    return signature;
  }

  #makeWith({ pair, method, maxMessageBytes }: UsablePair, message: Buffer): Signature {
    requireSecrecy(pair.ckaLabel, pair.attributes);
    requireWithinLimit(pair.keyid, message.length, maxMessageBytes);
    const sig = signWith(this.session, pair.privateKey, pair.key.keytype, message);
    return { keyid: pair.keyid, method, sig: sig.toString('base64') };
  }

  #requireRight(pair: KeyPair, signature: Signature, payload: Uint8Array): void {
    try {
      verifySignature(pair.key, signature, payload);
    } catch (cause) {
      throw new CountersignError('SIGNATURE_WRONG', `the token made a wrong signature with ${pair.ckaLabel}`, {
        details: { keyid: pair.keyid, token: this.session.token.info.label },
        cause,
      });
    }
  }

  /** Logs out, closes the session, finalizes the module: in this order, or a YubiHSM keeps the session. */
  close(): void {
    this.session.close();
    this.#module.close();
  }

  #find(keyid: string, use: Use): UsablePair {
    const usable = this.#usable.get(keyid) ?? this.#look(keyid);
    if (usable?.use !== use) {
      const { label } = this.session.token.info;
      throw new CountersignError('KEY_NOT_FOUND', `the token ${label} has no such key of ours`, {
        details: { keyid, token: label },
      });
    }
    return usable;
  }

  /** @throws KEY_AMBIGUOUS */
  #look(keyid: string): UsablePair | null {
    if (!this.#knows(keyid)) this.refresh();
    if (this.#found.ambiguous.has(keyid)) throw ambiguous(keyid);
    const pair = this.#found.pairs.find((candidate) => candidate.keyid === keyid);
    if (pair === undefined) return null;
    const usable = this.#toUsable(pair);
    this.#usable.set(keyid, usable);
    return usable;
  }

  #toUsable(pair: KeyPair): UsablePair {
    return {
      pair,
      use: useOf(pair),
      method: algorithmOf(pair.key).method,
      maxMessageBytes: messageLimitOf(this.session.token.info, pair.key.keytype),
    };
  }

  #knows(keyid: string): boolean {
    return this.#found.ambiguous.has(keyid) || this.#found.pairs.some((pair) => pair.keyid === keyid);
  }

  #freshSession(): void {
    try {
      this.session.replace();
      this.refresh(); // handles of objects need not outlive the session they were found in
    } catch (error) {
      if (isCountersignError(error, 'TOKEN_UNAVAILABLE')) throw error;
      throw new CountersignError('TOKEN_UNAVAILABLE', 'no fresh session could be opened', { cause: error });
    }
  }
}

function useOf({ ckaLabel }: KeyPair): Use | null {
  if (ckaLabel === CANARY_LABEL) return 'canary';
  return parseKeyLabel(ckaLabel) === null ? null : 'role';
}

function ambiguous(keyid: string): CountersignError {
  return new CountersignError('KEY_AMBIGUOUS', 'the token has this key more than once', { details: { keyid } });
}
