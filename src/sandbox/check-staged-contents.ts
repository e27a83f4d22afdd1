import type { Root } from '../tuf/index.js';
import { publicOnlineKey } from './online-keys.js';
import {
  isSameJson,
  keyidsOf,
  ONLINE_ROLES,
  onlineKeyids,
  onlineKeysAfter,
  thresholdOf,
  type RootStep,
  type StagedRoots,
} from './staged-roots.js';
import type { RootUpdate, SandboxState } from './state.js';

/**
 * What a root may not say whoever signed it: another version or changelog than the server's, other keys of the server's, other
 * people's keys without their owners, and in CI and production anything different but the threshold of targets.
 */
export function checkStagedContents(state: SandboxState, update: RootUpdate, staged: StagedRoots): string[] {
  const { ci, production } = staged;
  return [
    ...checkVersion('CI root', ci),
    ...checkVersion('production root', production),
    ...(isSameJson(ci.next.signed['x-changelog'] ?? null, update.changelog)
      ? []
      : ['The changelog is not the one that the transaction began with']),
    ...(isSameJson(evened(ci.next.signed), evened(production.next.signed))
      ? []
      : ['CI root and production root differ in more than the threshold of targets']),
    ...checkOnlineKeys(state, update, ci.next.signed),
    ...checkKeyValues(ci.current.signed, ci.next.signed),
    ...checkOwners(state, update, ci.next.signed),
  ];
}

function checkVersion(name: string, { current, next }: RootStep): string[] {
  const expected = current.signed.version + 1;
  const { version } = next.signed;
  return version === expected ? [] : [`${name} has the version ${version}, and has to have ${expected}`];
}

/** The root without what may differ between CI and production. */
function evened(root: Root): unknown {
  return { ...root, roles: { ...root.roles, targets: keyidsOf(root, 'targets') } };
}

function checkOnlineKeys(state: SandboxState, update: RootUpdate, root: Root): string[] {
  const keys = onlineKeysAfter(state, update);
  return ONLINE_ROLES.flatMap((role) => {
    const { keyid, key } = publicOnlineKey(keys[role]);
    const keyids = keyidsOf(root, role);
    const stands = role === 'targets' ? keyids.includes(keyid) : keyids.length === 1 && keyids[0] === keyid;
    const isThere = stands && Object.hasOwn(root.keys, keyid) && isSameJson(root.keys[keyid], key);
    const threshold = thresholdOf(root, role);
    return [
      ...(isThere ? [] : [`The online key of ${role} is another one; only the server replaces it`]),
      ...(role === 'targets' || threshold === 1 ? [] : [`Threshold of ${role} is ${threshold}, and has to be 1`]),
    ];
  });
}

/** A keyid names one key for ever. */
function checkKeyValues(current: Root, next: Root): string[] {
  return Object.entries(next.keys)
    .filter(([keyid, key]) => Object.hasOwn(current.keys, keyid) && !isSameJson(current.keys[keyid], key))
    .map(([keyid]) => `Key ${keyid} is another one than before`);
}

function checkOwners(state: SandboxState, update: RootUpdate, root: Root): string[] {
  const own = new Set([
    ...Object.values(onlineKeyids(onlineKeysAfter(state, update))),
    publicOnlineKey(state.keys.root).keyid,
  ]);
  const offline = new Set([...keyidsOf(root, 'root'), ...keyidsOf(root, 'targets')].filter((keyid) => !own.has(keyid)));
  const owned = Object.keys(root['x-key-owners'] ?? {});
  return [
    ...[...offline].filter((keyid) => !owned.includes(keyid)).map((keyid) => `Key ${keyid} has no owner`),
    ...owned.filter((keyid) => !offline.has(keyid)).map((keyid) => `Key ${keyid} has an owner and no role`),
  ];
}
