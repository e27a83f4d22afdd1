import type { JsonValue } from '../tuf/index.js';
import { jsonPointer } from './json-pointer.js';

/**
 * Compares two JSON values; the order of members does not count.
 *
 * @param path where the values stand, as the parts of a JSON pointer
 * @returns the JSON pointer to the first place where they differ, or null when they are equal
 */
export function findJsonDifference(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  path: readonly (string | number)[],
): string | null {
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      const found = findJsonDifference(left[index], right[index], [...path, index]);
      if (found !== null) return found;
    }
    return null;
  }
  if (isObject(left) && isObject(right)) {
    // Only own members: a member named `constructor` is not the one that every object inherits.
    for (const name of Object.keys(left)) {
      if (!Object.hasOwn(right, name)) return jsonPointer(...path, name);
      const found = findJsonDifference(left[name], right[name], [...path, name]);
      if (found !== null) return found;
    }
    const added = Object.keys(right).find((name) => !Object.hasOwn(left, name));
    return added === undefined ? null : jsonPointer(...path, added);
  }
  return left === right ? null : jsonPointer(...path);
}

function isObject(value: JsonValue | undefined): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
