import { checkInteger, checkObject, checkObjectMember, checkText, memberOf } from './checks.js';
import { checkSigned } from './check-signed.js';
import { pointerTo } from './json.js';
import type { Listing } from './metadata.js';

/** Checks `signed` of snapshot metadata (TUF specification section 4.4). */
export function checkSnapshot(value: unknown, pointer: string): asserts value is Listing {
  checkListing(value, pointer, 'Snapshot');
}

/** Checks `signed` of timestamp metadata (TUF specification section 4.6). */
export function checkTimestamp(value: unknown, pointer: string): asserts value is Listing {
  checkListing(value, pointer, 'Timestamp');
}

function checkListing(value: unknown, pointer: string, type: Listing['_type']): void {
  checkSigned(value, pointer, type);
  checkObject(value, pointer);
  const metaPointer = pointerTo(pointer, 'meta');
  for (const [name, listed] of Object.entries(checkObjectMember(value, 'meta', pointer))) {
    const at = pointerTo(metaPointer, name);
    checkObject(listed, at);
    checkInteger(memberOf(listed, 'version'), pointerTo(at, 'version'), 1, Number.MAX_SAFE_INTEGER);
    if (!Object.hasOwn(listed, 'hashes')) continue;
    const hashesPointer = pointerTo(at, 'hashes');
    for (const [algorithm, digest] of Object.entries(checkObjectMember(listed, 'hashes', at))) {
      checkText(digest, pointerTo(hashesPointer, algorithm));
    }
  }
}
