import { createHash } from 'node:crypto';
import {
  checkThreshold,
  parseOfflineBundle,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  serializeMetadata,
  verifyNotExpired,
  verifyRootChain,
  verifyTargets,
  verifyThreshold,
  type ListingMetadata,
  type Root,
  type TargetsMetadata,
} from '../tuf/index.js';
import { isCountersignError } from '../errors.js';
import type { Device, DeviceReason } from './device.js';

/** The `tuf` folder of a stick, each file's bytes. */
export interface StickFiles {
  /** Production roots, version 1 first: those that the device has, then those on the stick. */
  readonly roots: readonly Uint8Array[];
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly bundle: Uint8Array;
}

export interface StickVerdict {
  /** Names of Targets that the device may install; empty if it refuses the stick. */
  readonly installable: readonly string[];
  readonly reasons: readonly DeviceReason[];
}

/**
 * Decides as a production device without network would: the root chain, timestamp, snapshot and targets under its last root, each
 * listed by the one before, then the bundle. Every signature on a bundle has to be by a targets key and valid, and there have to be as many as the threshold; it has not expired,
 * is of type `prod` and of a tag of the device. Of its list only what stands in the targets counts. Shares no code with whoever
 * asks for the signature but the verification of signatures. Reads no clock.
 */
export function checkStickAsDevice(
  files: StickFiles,
  device: Pick<Device, 'tag' | 'hardwareId'>,
  now: Date,
): StickVerdict {
  try {
    const root = verifyRootChain(
      files.roots.map((bytes) => parseRoot(bytes)),
      { now },
    );
    const timestamp = parseTimestamp(files.timestamp);
    const snapshot = parseSnapshot(files.snapshot);
    const targets = parseTargets(files.targets);
    for (const [role, listing] of [['timestamp', timestamp] as const, ['snapshot', snapshot] as const]) {
      verifyThreshold(listing, root.signed, role);
      verifyNotExpired(listing.signed, now);
    }
    verifyTargets(root, targets, { now });
    const unlisted = [
      ...listingReasons(timestamp, 'snapshot.json', snapshot),
      ...listingReasons(snapshot, 'targets.json', targets),
    ];
    const bundle = parseOfflineBundle(files.bundle);
    verifyNotExpired(bundle.signed, now);
    const { type, tag, targets: names } = bundle.signed['x-fio-offline-bundle'];
    const reasons = [
      ...unlisted,
      ...signatureReasons(bundle, root.signed),
      ...(type === 'prod' ? [] : [refusal(`a bundle of type ${type} on a production device`)]),
      ...(tag === device.tag ? [] : [refusal(`the bundle is for tag ${tag}`)]),
    ];
    const entries = Object.entries(targets.signed.targets);
    const mine = entries.filter(([name, { custom }]) => {
      const ids = custom?.['hardwareIds'];
      return names.includes(name) && Array.isArray(ids) && ids.includes(device.hardwareId);
    });
    return { installable: reasons.length === 0 ? mine.map(([name]) => name) : [], reasons };
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return { installable: [], reasons: [{ code: error.code, message: error.message }] };
  }
}

/** Version and, where one is given, SHA-256 of the document's canonical form, as the listing has them. */
function listingReasons(
  { signed: { _type, meta } }: ListingMetadata,
  name: string,
  document: ListingMetadata | TargetsMetadata,
): DeviceReason[] {
  const listed = Object.hasOwn(meta, name) ? meta[name] : undefined;
  if (listed === undefined) return [{ code: 'METADATA_INVALID', message: `the ${_type} does not list ${name}` }];
  const sha256 = createHash('sha256').update(serializeMetadata(document)).digest('hex');
  const wanted = listed.hashes?.['sha256']?.toLowerCase() ?? sha256;
  if (listed.version === document.signed.version && wanted === sha256) return [];
  return [{ code: 'METADATA_INVALID', message: `the ${_type} lists another ${name}` }];
}

function signatureReasons(bundle: Parameters<typeof checkThreshold>[0], root: Root): DeviceReason[] {
  const { invalid, unknown, signed, threshold } = checkThreshold(bundle, root, 'targets');
  const spoilt = [...unknown, ...invalid.map(({ keyid }) => keyid)].map((keyid): DeviceReason => ({
    code: 'SIGNATURE_INVALID',
    message: `the signature by ${keyid} spoils the bundle`,
  }));
  if (signed.length >= threshold) return spoilt;
  return [...spoilt, { code: 'THRESHOLD_NOT_MET', message: `${signed.length} of ${threshold} signatures` }];
}

function refusal(message: string): DeviceReason {
  return { code: 'NO_TARGET_FOR_DEVICE', message };
}
