import { findInRole, type OfflineKey } from '../../src/offline-keys/index.js';
import { keyidOf, type Root } from '../../src/tuf/index.js';

/** How fioctl changes roots, and with which keys of its file it signs them. */

export type OfflineRole = 'root' | 'targets';

/** Both roots as they are staged. */
export interface StagedRoots {
  readonly ci: Root;
  readonly production: Root;
}

const LEAST_PRODUCTION_THRESHOLD = 2;

/** Root keys of the file in the roots in force and in those staged: new ones first. */
export function findSigners(keys: readonly OfflineKey[], { ci, current }: StagedRoots & { readonly current: Root }) {
  const found = [...findInRole(keys, ci, 'root'), ...findInRole(keys, current, 'root')];
  return found.filter(({ keyid }, at) => found.findIndex((other) => other.keyid === keyid) === at);
}

export function withKey(root: Root, role: OfflineRole, { key }: OfflineKey, owner: Record<string, string>): Root {
  const keyid = keyidOf(key);
  const { keyids = [], threshold = 1 } = root.roles[role] ?? {};
  return {
    ...root,
    keys: { ...root.keys, [keyid]: key },
    roles: { ...root.roles, [role]: { keyids: [...keyids, keyid], threshold } },
    'x-key-owners': { ...root['x-key-owners'], [keyid]: owner },
  };
}

export function withoutKey(root: Root, role: OfflineRole, gone: string): Root {
  const { keyids = [], threshold = 1 } = root.roles[role] ?? {};
  const without = <T>(members: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(members).filter(([keyid]) => keyid !== gone));
  return {
    ...root,
    keys: without(root.keys),
    roles: { ...root.roles, [role]: { keyids: keyids.filter((keyid) => keyid !== gone), threshold } },
    'x-key-owners': without(root['x-key-owners'] ?? {}),
  };
}

export function withTargetsThreshold(root: Root, threshold = LEAST_PRODUCTION_THRESHOLD): Root {
  const { keyids = [] } = root.roles['targets'] ?? {};
  return { ...root, roles: { ...root.roles, targets: { keyids, threshold } } };
}

/** Go writes members in the order of its struct, and leaves out what it does not know. */
export function inGoOrder(root: Root): Root {
  const { _type, expires, version, consistent_snapshot, keys, roles, 'x-changelog': changelog } = root;
  const owners = root['x-key-owners'];
  return {
    ...{ _type, expires, version, consistent_snapshot, keys, roles },
    ...(changelog === undefined ? {} : { 'x-changelog': changelog }),
    ...(owners === undefined || Object.keys(owners).length === 0 ? {} : { 'x-key-owners': owners }),
  };
}
