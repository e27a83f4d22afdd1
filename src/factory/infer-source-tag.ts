import { CountersignError } from '../errors.js';
import type { TargetEntry } from '../tuf/index.js';
import { jsonPointer } from './json-pointer.js';
import { sourceTagSchema } from './names.js';
import { entryTags } from './target-entry.js';

/**
 * The source tag that selects exactly the added Targets out of those of the version: null when all of
 * them were taken. Where several tags do, the smallest by character code, so that the same document
 * always gives the same statement.
 *
 * @throws WAVE_CHANGE_INEXPRESSIBLE no tag selects this set
 */
export function inferSourceTag(
  added: ReadonlySet<string>,
  candidates: ReadonlyMap<string, TargetEntry>,
  version: number,
): string | null {
  const left = [...candidates.keys()].filter((name) => !added.has(name));
  if (left.length === 0) return null;
  const [first = ''] = added;
  const firstEntry = candidates.get(first);
  const tags = firstEntry === undefined ? [] : [...new Set(entryTags(firstEntry))].sort();
  const selecting = tags.find(
    (tag) =>
      sourceTagSchema.safeParse(tag).success &&
      [...candidates].every(([name, entry]) => added.has(name) === entryTags(entry).includes(tag)),
  );
  if (selecting !== undefined) return selecting;
  throw new CountersignError(
    'WAVE_CHANGE_INEXPRESSIBLE',
    `the Wave takes ${added.size} of the ${candidates.size} Targets of version ${version}, and no tag stands for just these`,
    {
      pointer: jsonPointer('signed', 'targets'),
      hint: `Add the Targets that are left out, or tag in CI those that are wanted.`,
      details: { leftOut: left.sort().slice(0, 20) },
    },
  );
}
