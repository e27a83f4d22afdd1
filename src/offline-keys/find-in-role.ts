import { publicKeyDer, type Root } from '../tuf/index.js';
import type { OfflineKey } from './private-key.js';

export interface FoundKey {
  /** As the root has it. */
  readonly keyid: string;
  readonly offline: OfflineKey;
}

/**
 * Which of these keys the role of a root names. They are found by their public value: the names of files in an archive and
 * keyids of older rules do not matter.
 *
 * @throws KEY_INVALID
 */
export function findInRole(keys: readonly OfflineKey[], root: Root, role: string): FoundKey[] {
  return (root.roles[role]?.keyids ?? []).flatMap((keyid) => {
    const key = root.keys[keyid];
    if (key === undefined) return [];
    const offline = keys.find((candidate) => publicKeyDer(candidate.key).equals(publicKeyDer(key)));
    return offline === undefined ? [] : [{ keyid, offline }];
  });
}
