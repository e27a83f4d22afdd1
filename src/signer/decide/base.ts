import { CountersignError } from '../../errors.js';
import { pointerTo } from '../../tuf/index.js';
import type { DocumentLine, JournalBodyOf, VersionDigest, Watermark } from '../journal/index.js';

/**
 * Compares the production targets that a statement builds on with what was built on before.
 *
 * An active Wave counts as published but its tag's production targets stay what they were until it is complete, or for good if it is
 * cancelled. So only earlier *bases* say that this one is too old.
 *
 * @param base what the statement builds on, verified; null if the tag has no production targets yet
 * @param mark the tag's watermark, null if there is none
 * @returns what to record: the base, if it is newer than what is known
 * @throws STALE_BASE newer production targets were seen before
 * @throws WATERMARK_PUBLISHED other production targets of the same version were seen before
 */
export function newBase(
  base: VersionDigest | null,
  line: DocumentLine,
  mark: Watermark | null,
): JournalBodyOf<'published'>[] {
  const pointer = pointerTo('/base/targets', line.tag ?? '');
  const known = mark?.base ?? null;
  if (known !== null && (base === null || base.version < known.version)) {
    throw new CountersignError('STALE_BASE', `the tag ${line.tag ?? ''} is at version ${known.version} already`, {
      pointer,
      hint: 'ask for it again on the current production targets',
      details: { version: base?.version ?? 0, known: known.version },
    });
  }
  if (base === null) return [];
  for (const seen of [known, mark?.published ?? null]) {
    if (seen?.version !== base.version || seen.sha256 === base.sha256) continue;
    throw new CountersignError(
      'WATERMARK_PUBLISHED',
      `other production targets of version ${base.version} were seen before`,
      {
        pointer,
        details: { version: base.version, known: seen.sha256, given: base.sha256 },
      },
    );
  }
  if (base.version <= (known?.version ?? 0)) return [];
  return [{ type: 'published', ...line, version: base.version, sha256: base.sha256, source: 'base' }];
}
