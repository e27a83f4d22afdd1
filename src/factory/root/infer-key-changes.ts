import { CountersignError } from '../../errors.js';
import type { JsonValue, Root } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import type { RootBase } from './root-base.js';
import { OFFLINE_ROLES, rootChangeSchema, type NewKey, type OfflineRole } from './root-change.js';
import type { KeyChange } from './root-intent.js';
import { spkiBase64Of } from './root-keys.js';

/**
 * The changes of offline keys in both roles: the first key that came takes the place of the first that went, and so on; what
 * is left over was removed or added.
 *
 * @param onlineTargetsKeyid of the proposed root; online keys are not looked at
 * @throws ROOT_CHANGE_INEXPRESSIBLE a role names a key that the root does not hold, or a key or owner in a form of its own
 */
export function inferKeyChanges(base: RootBase, proposed: Root, onlineTargetsKeyid: string): KeyChange[] {
  const online = [base.onlineTargetsKeyid, onlineTargetsKeyid];
  return OFFLINE_ROLES.flatMap((role) => {
    const before = base.ci.roles[role]?.keyids ?? [];
    const after = proposed.roles[role]?.keyids ?? [];
    const isOffline = (keyid: string): boolean => role !== 'targets' || !online.includes(keyid);
    const went = before.filter((keyid) => isOffline(keyid) && !after.includes(keyid));
    const came = after.filter((keyid) => isOffline(keyid) && !before.includes(keyid));
    return [
      ...went.map((old, index): KeyChange => {
        const keyid = came[index];
        return keyid === undefined
          ? { op: 'remove-key', role, old }
          : keyChange({ op: 'replace-key', role, old, ...newKeyWithOwner(proposed, role, keyid) }, keyid);
      }),
      ...came
        .slice(went.length)
        .map((keyid) => keyChange({ op: 'add-key', role, ...newKeyWithOwner(proposed, role, keyid) }, keyid)),
    ];
  });
}

/**
 * A key of a proposed root as it stands in a change.
 *
 * @throws ROOT_CHANGE_INEXPRESSIBLE the root does not hold it
 */
export function newKeyOf({ keys, roles }: Root, role: string, keyid: string): NewKey {
  const key = Object.hasOwn(keys, keyid) ? keys[keyid] : undefined;
  if (key !== undefined) return { keyid, spkiBase64: spkiBase64Of(key) };
  const index = roles[role]?.keyids.indexOf(keyid) ?? 0;
  throw new CountersignError('ROOT_CHANGE_INEXPRESSIBLE', `the role ${role} names a key that the root does not hold`, {
    pointer: jsonPointer('signed', 'roles', role, 'keyids', index),
    details: { role, keyid },
  });
}

function newKeyWithOwner(proposed: Root, role: OfflineRole, keyid: string): { new: NewKey; owner: unknown } {
  const owners = proposed['x-key-owners'] ?? {};
  return {
    new: newKeyOf(proposed, role, keyid),
    owner: ownerOf(Object.hasOwn(owners, keyid) ? owners[keyid] : undefined),
  };
}

/** The owner by the names of a change; what is no owner is left for the schema to refuse. */
function ownerOf(owner: JsonValue | undefined): unknown {
  if (typeof owner !== 'object' || owner === null || Array.isArray(owner)) return owner ?? null;
  return { polisId: owner['polis-id'], createdAt: owner['created-at'] };
}

function keyChange(change: unknown, keyid: string): KeyChange {
  const result = rootChangeSchema.safeParse(change);
  if (result.success && (result.data.op === 'replace-key' || result.data.op === 'add-key')) return result.data;
  const path = result.error?.issues[0]?.path ?? [];
  const about = path[0] === 'owner' ? 'x-key-owners' : 'keys';
  throw new CountersignError('ROOT_CHANGE_INEXPRESSIBLE', `the key ${keyid} or its owner cannot be said by a change`, {
    pointer: jsonPointer('signed', about, keyid),
    details: { keyid },
  });
}
