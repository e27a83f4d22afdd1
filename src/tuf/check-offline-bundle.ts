import { checkArray, checkObject, checkObjectMember, checkText, memberOf, metadataInvalid } from './checks.js';
import { checkSigned } from './check-signed.js';
import { pointerTo } from './json.js';
import type { OfflineBundle } from './metadata.js';

/** The member that makes a bundle of a document. */
export const OFFLINE_BUNDLE = 'x-fio-offline-bundle';

const SIGNED_MEMBERS = ['_type', 'expires', 'version', OFFLINE_BUNDLE];
const BUNDLE_MEMBERS = ['tag', 'targets', 'type'];

/** Checks `signed` of an offline bundle: just the members that it has, above all no `targets`. */
export function checkOfflineBundle(value: unknown, pointer: string): asserts value is OfflineBundle {
  checkSigned(value, pointer, 'Targets');
  checkObject(value, pointer);
  refuseOthers(value, SIGNED_MEMBERS, pointer);
  const at = pointerTo(pointer, OFFLINE_BUNDLE);
  const bundle = checkObjectMember(value, OFFLINE_BUNDLE, pointer);
  refuseOthers(bundle, BUNDLE_MEMBERS, at);
  const type = memberOf(bundle, 'type');
  if (type !== 'ci' && type !== 'prod') throw metadataInvalid(pointerTo(at, 'type'), 'must be "ci" or "prod"');
  checkText(memberOf(bundle, 'tag'), pointerTo(at, 'tag'));
  const targets = memberOf(bundle, 'targets');
  const targetsPointer = pointerTo(at, 'targets');
  checkArray(targets, targetsPointer);
  const seen = new Set<unknown>();
  for (const [index, name] of targets.entries()) {
    checkText(name, pointerTo(targetsPointer, index));
    if (seen.has(name)) throw metadataInvalid(pointerTo(targetsPointer, index), 'stands there twice');
    seen.add(name);
  }
  if (seen.size === 0) throw metadataInvalid(targetsPointer, 'must list a Target');
}

function refuseOthers(value: Readonly<Record<string, unknown>>, members: readonly string[], pointer: string): void {
  for (const name of Object.keys(value)) {
    if (!members.includes(name)) throw metadataInvalid(pointerTo(pointer, name), 'is no member of an offline bundle');
  }
}
