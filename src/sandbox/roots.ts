import { CountersignError } from '../errors.js';
import {
  encodeCanonical,
  keyidOf,
  parseRoot,
  serializeMetadata,
  type Key,
  type Root,
  type RootMetadata,
} from '../tuf/index.js';
import type { Actor } from './actor.js';
import { timeAfter } from './clock.js';
import type { OfflineKeys } from './offline-keys.js';
import { publicOnlineKey, signOnline, type OnlineKey, type OnlineKeys } from './online-keys.js';

const LIFETIME_DAYS = 365;

interface RoleKeys {
  readonly root: readonly Key[];
  readonly targets: readonly Key[];
  readonly snapshot: readonly Key[];
  readonly timestamp: readonly Key[];
}

/** The newest root of a chain of metadata texts. */
export function newestRoot(chain: readonly string[]): RootMetadata {
  const text = chain.at(-1);
  if (text === undefined) throw new CountersignError('INTERNAL', 'a sandbox without roots');
  return parseRoot(Buffer.from(text));
}

/** Whether somebody took the keys from the server: roots 1 and 2 are its own. */
export function isOwned({ roots }: { readonly roots: { readonly ci: readonly string[] } }): boolean {
  return roots.ci.length > 2;
}

/**
 * Roots 1 and 2, which the server makes by itself: other root and targets keys in each, and the second signed by both
 * root keys. There is no difference between CI and production yet.
 */
export function firstRoots(keys: OnlineKeys, now: Date): [string, string] {
  const of = (key: OnlineKey): Key[] => [publicOnlineKey(key).key];
  const common = { snapshot: of(keys.snapshot), timestamp: of(keys.timestamp) };
  const one = rootSigned(1, { ...common, root: of(keys.firstRoot), targets: of(keys.firstTargets) }, 1, now);
  const two = rootSigned(2, { ...common, root: of(keys.root), targets: of(keys.targets) }, 1, now);
  return [signRoot(one, [keys.firstRoot]), signRoot(two, [keys.root, keys.firstRoot])];
}

/**
 * Root 3 with keys made elsewhere beside the server's own, as after taking ownership: CI and production differ in the
 * threshold of targets alone. The server's root key stays, because a root is signed by keys that it names.
 */
export function ownedRoots(
  keys: OnlineKeys,
  offline: OfflineKeys,
  productionThreshold: number,
  { polisId, now }: Actor,
): { ci: string; production: string } {
  const of = (key: OnlineKey): Key => publicOnlineKey(key).key;
  const roleKeys: RoleKeys = {
    root: [of(keys.root), ...offline.root],
    targets: [of(keys.targets), ...offline.targets],
    snapshot: [of(keys.snapshot)],
    timestamp: [of(keys.timestamp)],
  };
  const made = timeAfter(now);
  const notes = {
    'x-changelog': { message: 'Keys held in PKCS#11 tokens', 'polis-id': polisId, timestamp: made },
    'x-key-owners': Object.fromEntries(
      [...offline.root, ...offline.targets].map((key) => [keyidOf(key), { 'created-at': made, 'polis-id': polisId }]),
    ),
  };
  const sign = (targetsThreshold: number): string =>
    signRoot({ ...rootSigned(3, roleKeys, targetsThreshold, now), ...notes }, [keys.root]);
  return { ci: sign(1), production: sign(productionThreshold) };
}

/** Whether the targets role of `root` names each of the keys, and its root role each of the root keys. */
export function namesKeys(root: Root, offline: OfflineKeys): boolean {
  const has = (role: string, key: Key): boolean => root.roles[role]?.keyids.includes(keyidOf(key)) ?? false;
  return offline.targets.every((key) => has('targets', key)) && offline.root.every((key) => has('root', key));
}

function rootSigned(version: number, keys: RoleKeys, targetsThreshold: number, now: Date): Record<string, unknown> {
  const role = (of: readonly Key[], threshold: number): object => ({ keyids: of.map(keyidOf), threshold });
  const all = [...keys.root, ...keys.targets, ...keys.snapshot, ...keys.timestamp];
  return {
    _type: 'Root',
    consistent_snapshot: false,
    expires: timeAfter(now, LIFETIME_DAYS),
    keys: Object.fromEntries(all.map((key) => [keyidOf(key), key])),
    roles: {
      root: role(keys.root, 1),
      snapshot: role(keys.snapshot, 1),
      targets: role(keys.targets, targetsThreshold),
      timestamp: role(keys.timestamp, 1),
    },
    version,
  };
}

function signRoot(signed: Record<string, unknown>, privateKeys: readonly OnlineKey[]): string {
  const signedBytes = encodeCanonical(signed);
  const signatures = privateKeys.map((key) => signOnline(key, signedBytes));
  return serializeMetadata({ signatures, signedBytes }).toString('utf8');
}
