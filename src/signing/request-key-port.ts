import type { Key } from '../tuf/index.js';
import type { NewEvent } from './event-port.js';

/**
 * A key that proves who asks with fioctl, and nothing else: no device trusts it, and no root that names one is signed.
 * Its private part stands in its owner's archive alone.
 */
export interface RequestKey {
  /** `rk_` and a ULID in lower case. */
  readonly id: string;
  /** `rks_` and a ULID: the keys that were registered together, and are revoked together. */
  readonly set: string;
  /** Who asks by it: a person, or a CI job. */
  readonly name: string;
  readonly kind: 'person' | 'ci';
  /** The Factory's name for the account that it is bound to. */
  readonly polisId: string;
  readonly factory: string;
  /** Of the offline key in whose place fioctl is shown it. */
  readonly role: 'root' | 'targets';
  readonly key: Key;
  /** SHA-256 of its SubjectPublicKeyInfo, in hexadecimal digits; unique in the installation. */
  readonly keyid: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly revoked: string | null;
}

/** `account`: that account has keys in use in this Factory. `key`: one of them was registered before, by whomever. */
export type AddRequestKeysOutcome = 'added' | 'account' | 'key';

export interface RequestKeyStore {
  /** Stores one set with its event, all or nothing. An account has one set in use in a Factory. */
  add(keys: readonly RequestKey[], event: NewEvent): Promise<AddRequestKeysOutcome>;
  /** @param id of the set, or of a key in it. Empty if there is none. */
  findSet(id: string): Promise<RequestKey[]>;
  /** In use, of that account in that Factory. */
  listActive(factory: string, polisId: string): Promise<RequestKey[]>;
  /** All there ever were, of one Factory or of all, in the order of their registration. */
  list(factory?: string): Promise<RequestKey[]>;
  /** False if there is no such set, or it was revoked before. */
  revoke(set: string, at: string, event: NewEvent): Promise<boolean>;
}
