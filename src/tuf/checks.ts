import { CountersignError } from '../errors.js';
import { pointerTo } from './json.js';

/**
 * Checks of parsed JSON that leave the value as it is. A schema library would make a copy of every object, which a
 * targets document of 10 MB should not need.
 */

type UnknownObject = Readonly<Record<string, unknown>>;

export function metadataInvalid(pointer: string, reason: string): CountersignError {
  return new CountersignError('METADATA_INVALID', `${pointer === '' ? 'the document' : pointer}: ${reason}`, {
    pointer,
  });
}

export function checkObject(value: unknown, pointer: string): asserts value is UnknownObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw metadataInvalid(pointer, value === undefined ? 'is missing' : 'must be an object');
  }
}

export function checkArray(value: unknown, pointer: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw metadataInvalid(pointer, value === undefined ? 'is missing' : 'must be an array');
}

export function checkText(value: unknown, pointer: string): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw metadataInvalid(pointer, value === undefined ? 'is missing' : 'must be a string that is not empty');
  }
}

export function checkInteger(value: unknown, pointer: string, least: number, most: number): asserts value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw metadataInvalid(pointer, value === undefined ? 'is missing' : `must be an integer ${range}`);
  }
}

/** A member of the object itself; `constructor` and the like are no members. */
export function memberOf(object: UnknownObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function checkObjectMember(object: UnknownObject, name: string, pointer: string): UnknownObject {
  const value = memberOf(object, name);
  checkObject(value, pointerTo(pointer, name));
  return value;
}
