import { encodeCanonical, parseRoot, type Root, type RootMetadata } from '../tuf/index.js';
import { publicOnlineKey, type OnlineKey, type OnlineKeys } from './online-keys.js';
import { newestRoot } from './roots.js';
import type { RootUpdate, SandboxState } from './state.js';

export const ONLINE_ROLES = ['snapshot', 'targets', 'timestamp'] as const;
export type OnlineRole = (typeof ONLINE_ROLES)[number];

/** The roots of an update beside those in force, of one repository. */
export interface RootStep {
  readonly current: RootMetadata;
  readonly next: RootMetadata;
}

export interface StagedRoots {
  readonly ci: RootStep;
  readonly production: RootStep;
}

/** Null as long as there is no production root to be published. */
export function stagedRoots(state: SandboxState, update: RootUpdate): StagedRoots | null {
  if (update.production === null) return null;
  return {
    ci: { current: newestRoot(state.roots.ci), next: parseRoot(Buffer.from(update.ci)) },
    production: { current: newestRoot(state.roots.production), next: parseRoot(Buffer.from(update.production)) },
  };
}

/** The Factory's own keys once the update is applied. */
export function onlineKeysAfter(state: SandboxState, { onlineKeys }: RootUpdate): OnlineKeys {
  return {
    ...state.keys,
    targets: onlineKeys.targets ?? state.keys.targets,
    snapshot: onlineKeys.snapshot ?? state.keys.snapshot,
    timestamp: onlineKeys.timestamp ?? state.keys.timestamp,
  };
}

/** `{snapshot, targets, timestamp}`, keyids. */
export function onlineKeyids(keys: Readonly<Record<OnlineRole, OnlineKey>>): Record<OnlineRole, string> {
  return {
    snapshot: publicOnlineKey(keys.snapshot).keyid,
    targets: publicOnlineKey(keys.targets).keyid,
    timestamp: publicOnlineKey(keys.timestamp).keyid,
  };
}

export function keyidsOf(root: Root, role: string): readonly string[] {
  return roleOf(root, role).keyids;
}

export function thresholdOf(root: Root, role: string): number {
  return roleOf(root, role).threshold;
}

function roleOf({ roles }: Root, name: string): { readonly keyids: readonly string[]; readonly threshold: number } {
  return (Object.hasOwn(roles, name) ? roles[name] : undefined) ?? { keyids: [], threshold: 0 };
}

export function isSameJson(left: unknown, right: unknown): boolean {
  return encodeCanonical(left).equals(encodeCanonical(right));
}
