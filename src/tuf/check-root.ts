import { CountersignError, isCountersignError } from '../errors.js';
import { algorithmOf } from './algorithm.js';
import { checkSigned } from './check-signed.js';
import {
  checkArray,
  checkInteger,
  checkObject,
  checkObjectMember,
  checkText,
  memberOf,
  metadataInvalid,
} from './checks.js';
import { pointerTo } from './json.js';
import { publicKeyObject } from './key.js';
import type { Key, Root } from './metadata.js';

/** TUF specification section 4.3: a root names these roles; it may name more. */
const TOP_LEVEL_ROLES = ['root', 'snapshot', 'targets', 'timestamp'] as const;

/** Devices refuse a threshold outside these bounds. */
const LEAST_THRESHOLD = 1;
const MOST_THRESHOLD = 1000;

/**
 * Checks `signed` of root metadata (TUF specification section 4.3). A threshold above the number of keys is legal
 * here: staged roots have it, and so has production root 3 of every Factory; it just cannot be met.
 */
export function checkRoot(value: unknown, pointer: string): asserts value is Root {
  checkSigned(value, pointer, 'Root');
  checkObject(value, pointer);
  if (typeof memberOf(value, 'consistent_snapshot') !== 'boolean') {
    throw metadataInvalid(pointerTo(pointer, 'consistent_snapshot'), 'must be true or false');
  }
  const keys = checkObjectMember(value, 'keys', pointer);
  for (const [keyid, key] of Object.entries(keys)) checkKey(key, pointerTo(pointerTo(pointer, 'keys'), keyid));
  const roles = checkObjectMember(value, 'roles', pointer);
  const rolesPointer = pointerTo(pointer, 'roles');
  for (const role of TOP_LEVEL_ROLES) checkObjectMember(roles, role, rolesPointer);
  for (const [name, role] of Object.entries(roles)) checkRole(role, pointerTo(rolesPointer, name));
  for (const extension of ['x-changelog', 'x-key-owners']) {
    if (Object.hasOwn(value, extension)) checkObjectMember(value, extension, pointer);
  }
}

function checkRole(value: unknown, pointer: string): void {
  checkObject(value, pointer);
  checkInteger(memberOf(value, 'threshold'), pointerTo(pointer, 'threshold'), LEAST_THRESHOLD, MOST_THRESHOLD);
  const keyids = memberOf(value, 'keyids');
  const keyidsPointer = pointerTo(pointer, 'keyids');
  checkArray(keyids, keyidsPointer);
  const seen = new Set<string>();
  keyids.forEach((keyid, index) => {
    checkText(keyid, pointerTo(keyidsPointer, index));
    if (seen.has(keyid)) throw metadataInvalid(pointerTo(keyidsPointer, index), 'the role names this keyid twice');
    seen.add(keyid);
  });
}

/** Every key must be one that devices can use, also those of other roles: they refuse the document otherwise. */
function checkKey(value: unknown, pointer: string): asserts value is Key {
  checkObject(value, pointer);
  const keytype = memberOf(value, 'keytype');
  checkText(keytype, pointerTo(pointer, 'keytype'));
  const text = memberOf(checkObjectMember(value, 'keyval', pointer), 'public');
  checkText(text, pointerTo(pointerTo(pointer, 'keyval'), 'public'));
  try {
    publicKeyObject({ keytype: algorithmOf({ keytype }).keytype, keyval: { public: text } });
  } catch (error) {
    if (!isCountersignError(error, 'KEY_INVALID')) throw error;
    throw new CountersignError('KEY_INVALID', `${pointer}: ${error.message}`, { pointer, cause: error });
  }
}
