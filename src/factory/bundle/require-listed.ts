import { CountersignError } from '../../errors.js';
import type { TargetEntry, Targets } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import { entryTags, findEntry } from '../target-entry.js';
import type { BundleChange } from './bundle-change.js';

/**
 * The Targets that a bundle lists, as the targets beside it have them. A device passes over what is not there; here it is
 * refused, because nobody could say what would have been approved.
 *
 * @throws BUNDLE_TARGET_UNKNOWN
 */
export function requireListed(
  { targets: names, tag }: Pick<BundleChange, 'targets' | 'tag'>,
  targets: Targets,
): (readonly [name: string, entry: TargetEntry])[] {
  return names.map((name, index) => {
    const entry = findEntry(targets, name);
    if (entry !== null && entryTags(entry).includes(tag)) return [name, entry];
    throw new CountersignError(
      'BUNDLE_TARGET_UNKNOWN',
      entry === null
        ? `the targets beside the bundle have no ${JSON.stringify(name)}`
        : `the Target ${JSON.stringify(name)} is not of the tag ${tag}`,
      {
        pointer: jsonPointer('signed', 'x-fio-offline-bundle', 'targets', index),
        hint: 'Make the folder anew with fioctl targets offline-update.',
        details: { target: name, tag },
      },
    );
  });
}
