import { isCountersignError, type ErrorCode } from '../errors.js';
import {
  parseRoot,
  parseTargets,
  parseTime,
  verifyRootChain,
  verifyTargets,
  type RootMetadata,
  type TargetEntry,
  type TargetsMetadata,
} from '../tuf/index.js';

/** A device of the fleet, as far as it matters for what it accepts. */
export interface Device {
  readonly hardwareId: string;
  readonly tag: string;
  /** `custom.version` of the Target it runs; null before its first update. */
  readonly installedVersion: number | null;
  /** Version of the last targets metadata it accepted; it never goes back below. */
  readonly lastTargetsVersion?: number;
}

/** What a Factory serves to a device of the production fleet. */
export interface PublishedMetadata {
  /** Production roots, version 1 first; the first one is in the device's image and trusted. */
  readonly roots: readonly Uint8Array[];
  /** Targets metadata of a Wave, or the production targets of a tag. */
  readonly targets: Uint8Array;
}

export interface DeviceReason {
  readonly code: ErrorCode | 'NO_TARGET_FOR_DEVICE' | 'NOTHING_NEWER';
  readonly message: string;
}

/** Whether the device would update, to what, and every reason that it would not. */
export interface DeviceVerdict {
  readonly accepted: boolean;
  readonly reasons: readonly DeviceReason[];
  readonly rootVersion: number | null;
  readonly targetsVersion: number | null;
  /** Keyids whose signatures over the targets counted. */
  readonly signedBy: readonly string[];
  readonly update: { readonly target: string; readonly version: number; readonly sha256: string } | null;
}

/**
 * Decides as a device of the production fleet would: the root chain from the root in its image on, step by step (TUF
 * client workflow 5.3); then the targets under the last root: threshold (5.6.3), no rollback (5.6.4), expiry (5.6.5);
 * then the newest Target of its hardware id and tag. It trusts nothing else, least of all who handed it the bytes.
 * Reads no clock and no network.
 */
export function checkAsDevice(published: PublishedMetadata, device: Device, now: Date): DeviceVerdict {
  const reasons: DeviceReason[] = [];
  const note = <T>(check: () => T): T | null => {
    try {
      return check();
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      reasons.push({ code: error.code, message: error.message });
      return null;
    }
  };
  const root = note(() => trustedRoot(published.roots, now));
  const targets = note(() => parseTargets(published.targets));
  const threshold = root === null || targets === null ? null : note(() => verifyTargets(root, targets));
  if (targets !== null) reasons.push(...agingReasons(targets, device, now));
  const update = targets === null ? null : newestFor(targets, device);
  if (targets !== null) reasons.push(...updateReasons(update, device));
  return {
    accepted: reasons.length === 0,
    reasons,
    rootVersion: root?.signed.version ?? null,
    targetsVersion: targets?.signed.version ?? null,
    signedBy: threshold?.signed ?? [],
    update,
  };
}

function trustedRoot(roots: readonly Uint8Array[], now: Date): RootMetadata {
  return verifyRootChain(
    roots.map((bytes) => parseRoot(bytes)),
    { now },
  );
}

function agingReasons({ signed }: TargetsMetadata, device: Device, now: Date): DeviceReason[] {
  const reasons: DeviceReason[] = [];
  const expires = parseTime(signed.expires);
  if (expires === undefined || expires <= now) {
    reasons.push({ code: 'METADATA_EXPIRED', message: `the targets expired at ${signed.expires}` });
  }
  if (device.lastTargetsVersion !== undefined && signed.version < device.lastTargetsVersion) {
    const message = `targets version ${signed.version} is below ${device.lastTargetsVersion}, which the device has seen`;
    reasons.push({ code: 'VERSION_ROLLBACK', message });
  }
  return reasons;
}

function updateReasons(update: DeviceVerdict['update'], device: Device): DeviceReason[] {
  if (update === null) {
    const message = `no Target for hardware id ${device.hardwareId} and tag ${device.tag}`;
    return [{ code: 'NO_TARGET_FOR_DEVICE', message }];
  }
  if (device.installedVersion === null || update.version > device.installedVersion) return [];
  const message = `the newest Target is version ${update.version}, and the device runs ${device.installedVersion}`;
  return [{ code: 'NOTHING_NEWER', message }];
}

function newestFor({ signed }: TargetsMetadata, device: Device): DeviceVerdict['update'] {
  let newest: DeviceVerdict['update'] = null;
  for (const [target, entry] of Object.entries(signed.targets)) {
    const version = versionFor(entry, device);
    const sha256 = Object.hasOwn(entry.hashes, 'sha256') ? entry.hashes['sha256'] : undefined;
    if (version === null || sha256 === undefined) continue; // OSTree commits are named by SHA-256
    if (newest === null || version > newest.version) newest = { target, version, sha256 };
  }
  return newest;
}

/** The version of an entry that is for this device, or null. */
function versionFor({ custom }: TargetEntry, device: Device): number | null {
  const has = (member: string, value: string): boolean => {
    const list = custom?.[member];
    return Array.isArray(list) && list.includes(value);
  };
  const version = custom?.['version'];
  const isForDevice = has('hardwareIds', device.hardwareId) && has('tags', device.tag);
  return isForDevice && typeof version === 'string' && /^\d{1,15}$/.test(version) ? Number(version) : null;
}
