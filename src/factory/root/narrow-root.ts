import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import {
  encodeCanonical,
  parseCanonical,
  type JsonObject,
  type JsonValue,
  type Key,
  type Root,
} from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';

const ownerSchema = z.object({ 'polis-id': z.string(), 'created-at': z.string() });

/**
 * The root with the members that fioctl knows and keeps, at every level; it drops all others before it signs, and so must
 * whoever wants to make the same bytes (foundries.md §1.5). Roles of any name are kept. An empty `x-key-owners` is left out.
 *
 * @throws METADATA_INVALID an owner that fioctl could not read
 */
export function narrowRoot(root: Root): Root {
  const owners = narrowOwners(root['x-key-owners'] ?? {});
  const changelog = root['x-changelog'];
  return {
    _type: root._type,
    consistent_snapshot: root.consistent_snapshot,
    expires: root.expires,
    keys: mapMembers(root.keys, narrowKey),
    roles: mapMembers(root.roles, ({ keyids, threshold }) => ({ keyids, threshold })),
    version: root.version,
    ...(changelog === undefined ? {} : { 'x-changelog': changelog }),
    ...(Object.keys(owners).length === 0 ? {} : { 'x-key-owners': owners }),
  };
}

/** A root as plain JSON, to compare it member by member. */
export function rootAsJson(root: Root): JsonValue {
  return parseCanonical(encodeCanonical(root)).value;
}

function narrowKey({ keytype, keyval }: Key): Key {
  return { keytype, keyval: { public: keyval.public } };
}

function narrowOwners(owners: JsonObject): JsonObject {
  return mapMembers(owners, (owner, keyid) => {
    const result = ownerSchema.safeParse(owner);
    if (result.success) return result.data;
    const pointer = jsonPointer('signed', 'x-key-owners', keyid);
    throw new CountersignError('METADATA_INVALID', `${pointer}: must have polis-id and created-at`, { pointer });
  });
}

function mapMembers<T, U>(object: Readonly<Record<string, T>>, map: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}
