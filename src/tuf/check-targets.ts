import { OFFLINE_BUNDLE } from './check-offline-bundle.js';
import { checkSigned } from './check-signed.js';
import { checkInteger, checkObject, checkObjectMember, checkText, memberOf, metadataInvalid } from './checks.js';
import { pointerTo } from './json.js';
import type { Targets } from './metadata.js';

/** Hexadecimal digits of the digests that devices compare. */
const DIGEST_DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/** Checks `signed` of targets metadata (TUF specification section 4.5). Entries stay as they are. */
export function checkTargets(value: unknown, pointer: string): asserts value is Targets {
  checkSigned(value, pointer, 'Targets');
  checkObject(value, pointer);
  if (Object.hasOwn(value, OFFLINE_BUNDLE)) {
    // one signature for two purposes: a document is targets or a bundle, and whatever could pass for both is neither
    throw metadataInvalid(pointerTo(pointer, OFFLINE_BUNDLE), 'is a member of offline bundles, never of targets');
  }
  const targets = checkObjectMember(value, 'targets', pointer);
  const targetsPointer = pointerTo(pointer, 'targets');
  for (const [name, entry] of Object.entries(targets)) checkTargetEntry(entry, pointerTo(targetsPointer, name));
}

function checkTargetEntry(value: unknown, pointer: string): void {
  checkObject(value, pointer);
  checkInteger(memberOf(value, 'length'), pointerTo(pointer, 'length'), 0, Number.MAX_SAFE_INTEGER);
  const hashes = checkObjectMember(value, 'hashes', pointer);
  const hashesPointer = pointerTo(pointer, 'hashes');
  let hasKnown = false;
  for (const [algorithm, digest] of Object.entries(hashes)) {
    const digestPointer = pointerTo(hashesPointer, algorithm);
    checkText(digest, digestPointer);
    const digits = DIGEST_DIGITS.get(algorithm);
    hasKnown ||= digits !== undefined;
    // fioctl takes digests for base64, which hexadecimal digits pass only in fours
    if (!/^(?:[0-9a-fA-F]{4})+$/.test(digest) || (digits !== undefined && digest.length !== digits)) {
      throw metadataInvalid(
        digestPointer,
        `must be ${digits === undefined ? 'groups of 4' : digits} hexadecimal digits`,
      );
    }
  }
  if (!hasKnown) throw metadataInvalid(hashesPointer, 'must hold sha256 or sha512');
  if (Object.hasOwn(value, 'custom')) checkObjectMember(value, 'custom', pointer);
}
