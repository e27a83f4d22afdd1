import type { Root } from '../tuf/index.js';
import type { Actor } from './actor.js';
import { editRoot } from './edit-root.js';
import { refuseLockedByWave } from './locked-by-wave.js';
import { publicOnlineKey, type OnlineKey } from './online-keys.js';
import { requireStartedUpdate } from './require-root-update.js';
import { ONLINE_ROLES, onlineKeysAfter, type OnlineRole } from './staged-roots.js';
import type { RootUpdate, SandboxState } from './state.js';

export type NewOnlineKeys = Readonly<Partial<Record<OnlineRole, OnlineKey>>>;

/**
 * Puts new keys of the server's into the staged roots. Their signatures go, since the roots are others then.
 *
 * @throws Refusal 404, 403, 409, 400
 */
export function replaceOnlineKeys(state: SandboxState, txid: string, keys: NewOnlineKeys, actor: Actor): SandboxState {
  const rootUpdate = withOnlineKeys(state, requireStartedUpdate(state, txid, actor), keys);
  refuseLockedByWave(state, rootUpdate, 400);
  return { ...state, rootUpdate };
}

function withOnlineKeys(state: SandboxState, update: RootUpdate, keys: NewOnlineKeys): RootUpdate {
  const before = onlineKeysAfter(state, update);
  const edit = (root: Root): Root => {
    let edited = root;
    for (const role of ONLINE_ROLES) {
      const key = keys[role];
      if (key !== undefined) edited = replaceRoleKey(edited, role, publicOnlineKey(before[role]).keyid, key);
    }
    return edited;
  };
  return {
    ...update,
    onlineKeys: { ...update.onlineKeys, ...keys },
    ci: editRoot(update.ci, edit),
    production: update.production === null ? null : editRoot(update.production, edit),
  };
}

/** The root with the key where the old one stood; the old one goes if no other role has it. */
export function replaceRoleKey(root: Root, role: OnlineRole, old: string, privateKey: OnlineKey): Root {
  const { keyid, key } = publicOnlineKey(privateKey);
  const replaced = {
    threshold: root.roles[role]?.threshold ?? 1,
    keyids: (root.roles[role]?.keyids ?? []).map((other) => (other === old ? keyid : other)),
  };
  const roles = { ...root.roles, [role]: replaced };
  const isUsed = Object.values(roles).some(({ keyids }) => keyids.includes(old));
  const kept = Object.entries(root.keys).filter(([other]) => other !== old || isUsed);
  return { ...root, roles, keys: { ...Object.fromEntries(kept), [keyid]: key } };
}
