import type { Targets } from '../../tuf/index.js';
import { entryApps, entryHardwareIds, entrySha256, entryVersion } from '../target-entry.js';
import type { BundleChange } from './bundle-change.js';
import { requireListed } from './require-listed.js';

/** What a bundle lets whoever holds it install, for a person to read. */
export interface BundleSummary extends Pick<BundleChange, 'type' | 'tag' | 'expires' | 'version'> {
  /** Of the targets beside it. */
  readonly targetsVersion: number;
  readonly targetsExpires: string;
  /** In the bundle's order. */
  readonly targets: readonly BundledTarget[];
}

export interface BundledTarget {
  readonly target: string;
  /** `custom.version`; empty if it has none. */
  readonly version: string;
  readonly hardwareIds: readonly string[];
  /** Hex, as in `hashes.sha256`; empty if it has none. */
  readonly sha256: string;
  readonly apps: readonly { readonly name: string; readonly uri: string }[];
}

/** @throws BUNDLE_TARGET_UNKNOWN */
export function describeBundle(change: BundleChange, targets: Targets): BundleSummary {
  const { type, tag, expires, version } = change;
  return {
    ...{ type, tag, expires, version },
    targetsVersion: targets.version,
    targetsExpires: targets.expires,
    targets: requireListed(change, targets).map(([target, entry]) => ({
      target,
      version: entryVersion(entry) ?? '',
      hardwareIds: entryHardwareIds(entry),
      sha256: entrySha256(entry),
      apps: [...entryApps(entry)].map(([name, uri]) => ({ name, uri })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    })),
  };
}
