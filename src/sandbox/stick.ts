import {
  checkThreshold,
  parseOfflineBundle,
  parseRoot,
  parseTargets,
  verifyNotExpired,
  verifyRootChain,
  verifyTargets,
  type Root,
} from '../tuf/index.js';
import { isCountersignError } from '../errors.js';
import type { Device, DeviceReason } from './device.js';

/** The `tuf` folder of a stick, each file's bytes. */
export interface StickFiles {
  /** Production roots, version 1 first: those that the device has, then those on the stick. */
  readonly roots: readonly Uint8Array[];
  readonly targets: Uint8Array;
  readonly bundle: Uint8Array;
}

export interface StickVerdict {
  /** Names of Targets that the device may install; empty if it refuses the stick. */
  readonly installable: readonly string[];
  readonly reasons: readonly DeviceReason[];
}

/**
 * Decides as a production device without network would: the root chain, the targets under its last root, then the bundle. Every
 * signature on a bundle has to be by a targets key and valid, and there have to be as many as the threshold; it has not expired,
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
    const targets = parseTargets(files.targets);
    verifyTargets(root, targets, { now });
    const bundle = parseOfflineBundle(files.bundle);
    verifyNotExpired(bundle.signed, now);
    const { type, tag, targets: names } = bundle.signed['x-fio-offline-bundle'];
    const reasons = [
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
