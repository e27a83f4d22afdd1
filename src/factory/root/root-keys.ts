import { CountersignError } from '../../errors.js';
import {
  keyFromSpkiDer,
  publicKeyDer,
  type JsonObject,
  type JsonValue,
  type Key,
  type Role,
  type Root,
} from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import type { KeyOwner, NewKey } from './root-change.js';

/** The keys of a root while changes are made to them: as fioctl does it, step by step. */
export class RootKeys {
  readonly #keys: Map<string, Key>;
  readonly #roles: Map<string, Role>;
  readonly #owners: Map<string, JsonValue>;
  /** Every key that the root had or got, by keyid: none of them may come in a second time, not even one that left. */
  readonly #known: Map<string, Key>;

  constructor(root: Root) {
    this.#keys = new Map(Object.entries(root.keys));
    this.#roles = new Map(Object.entries(root.roles));
    this.#owners = new Map(Object.entries(root['x-key-owners'] ?? {}));
    this.#known = new Map(this.#keys);
  }

  /** @throws ROOT_KEY_REUSED, KEY_INVALID */
  add(role: string, key: NewKey, owner: KeyOwner): void {
    this.#take(key, owner);
    this.#update(role, (keyids) => [...keyids, key.keyid]);
  }

  /** The new key stands where the old one stood: the online key stays the first. @throws ROOT_KEY_UNKNOWN, ROOT_KEY_REUSED, KEY_INVALID */
  replaceInPlace(role: string, old: string, key: NewKey): void {
    this.#requireKey(role, old);
    this.#take(key, null);
    this.#update(role, (keyids) => keyids.map((keyid) => (keyid === old ? key.keyid : keyid)));
    this.#dropUnused(old);
  }

  /** @throws ROOT_KEY_UNKNOWN */
  remove(role: string, old: string): void {
    this.#requireKey(role, old);
    this.#update(role, (keyids) => keyids.filter((keyid) => keyid !== old));
    this.#dropUnused(old);
  }

  setThreshold(role: string, threshold: number): void {
    this.#roles.set(role, { keyids: this.#roles.get(role)?.keyids ?? [], threshold });
  }

  /** Members of the root that the changes reached; `x-key-owners` is left out when nobody is named in it. */
  members(): { keys: Record<string, Key>; roles: Record<string, Role>; 'x-key-owners'?: JsonObject } {
    return {
      keys: Object.fromEntries(this.#keys),
      roles: Object.fromEntries(this.#roles),
      ...(this.#owners.size === 0 ? {} : { 'x-key-owners': Object.fromEntries(this.#owners) }),
    };
  }

  #take({ keyid, spkiBase64 }: NewKey, owner: KeyOwner): void {
    const key = keyFromSpkiDer(Buffer.from(spkiBase64, 'base64'));
    const known = [...this.#known.keys()].find((other) => other === keyid || this.#isKnownAs(other, key));
    if (known !== undefined) {
      throw new CountersignError('ROOT_KEY_REUSED', `the new key ${keyid} is in the root already, as ${known}`, {
        pointer: jsonPointer('signed', 'keys', keyid),
        hint: 'a key has one role in one Factory; make a new one',
        details: { keyid, known },
      });
    }
    this.#known.set(keyid, key);
    this.#keys.set(keyid, key);
    if (owner !== null) this.#owners.set(keyid, { 'polis-id': owner.polisId, 'created-at': owner.createdAt });
  }

  #isKnownAs(keyid: string, key: Key): boolean {
    const known = this.#known.get(keyid);
    return known !== undefined && isSameKey(known, key);
  }

  #update(role: string, change: (keyids: readonly string[]) => readonly string[]): void {
    const { keyids, threshold } = this.#roles.get(role) ?? { keyids: [], threshold: 1 };
    this.#roles.set(role, { keyids: change(keyids), threshold });
  }

  #requireKey(role: string, keyid: string): void {
    if (this.#roles.get(role)?.keyids.includes(keyid) === true) return;
    throw new CountersignError('ROOT_KEY_UNKNOWN', `the role ${role} has no key ${keyid}`, {
      pointer: jsonPointer('signed', 'roles', role, 'keyids'),
      details: { role, keyid },
    });
  }

  #dropUnused(keyid: string): void {
    if ([...this.#roles.values()].some(({ keyids }) => keyids.includes(keyid))) return;
    this.#keys.delete(keyid);
    this.#owners.delete(keyid);
  }
}

/** Whether two keys are one, whatever their encodings. @throws KEY_INVALID */
export function isSameKey(left: Key, right: Key): boolean {
  if (left.keytype !== right.keytype) return false;
  return left.keyval.public === right.keyval.public || spkiBase64Of(left) === spkiBase64Of(right);
}

/** SubjectPublicKeyInfo (DER) of a key in base64: the same for one key whatever its encoding and keyid. @throws KEY_INVALID */
export function spkiBase64Of(key: Key): string {
  return publicKeyDer(key).toString('base64');
}
