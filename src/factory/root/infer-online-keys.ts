import { CountersignError } from '../../errors.js';
import type { Root } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import { newKeyOf } from './infer-key-changes.js';
import type { RootBase } from './root-base.js';
import { ONLINE_ROLES, type OnlineRole, type RootChangeOf } from './root-change.js';

/** `online-keys` of a root update at the Factory: which keys are its own. */
export type OnlineKeyids = Readonly<Partial<Record<OnlineRole, string>>>;

/**
 * The online keys that a proposed root replaces. Each new one has to be a key that the Factory made for this update, and to
 * stand where the old one stood.
 *
 * @throws ROOT_ONLINE_KEY an online key is gone, or was replaced by another key than the Factory's
 */
export function inferOnlineKeys(
  base: RootBase,
  proposed: Root,
  generated: OnlineKeyids,
): RootChangeOf<'replace-online-key'>[] {
  return ONLINE_ROLES.flatMap((role): RootChangeOf<'replace-online-key'>[] => {
    const before = base.ci.roles[role]?.keyids ?? [];
    const after = proposed.roles[role]?.keyids ?? [];
    const old = before.find(
      (keyid) => !after.includes(keyid) && (role !== 'targets' || keyid === base.onlineTargetsKeyid),
    );
    if (old === undefined) return [];
    const place = before.slice(0, before.indexOf(old)).filter((keyid) => after.includes(keyid)).length;
    const keyid = after[place];
    if (keyid !== undefined && keyid === generated[role]) {
      return [{ op: 'replace-online-key', role, old, new: newKeyOf(proposed, role, keyid) }];
    }
    throw new CountersignError('ROOT_ONLINE_KEY', `the online key of ${role} is not the Factory's any more`, {
      pointer: jsonPointer('signed', 'roles', role, 'keyids', place),
      hint: 'the Factory makes its online keys itself; ask it to (rotate-online-key)',
      details: { role, keyid: old },
    });
  });
}
