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
  for (const seen of [known, mark?.published ?? null]) requireSame(base, seen, pointer);
  if (base.version <= (known?.version ?? 0)) return [];
  return [{ type: 'published', ...line, version: base.version, sha256: base.sha256, source: 'base' }];
}

/**
 * Compares the targets of an active Wave with what was published on its tag before.
 *
 * @param wave verified as published
 * @returns what to record: the Wave, if it is newer than what is known
 * @throws STALE_BASE something newer was seen published
 * @throws WATERMARK_PUBLISHED other targets of the same version were seen before
 */
export function newActiveWave(
  wave: VersionDigest,
  line: DocumentLine,
  mark: Watermark | null,
): JournalBodyOf<'published'>[] {
  const known = mark?.published ?? null;
  const pointer = '/base/waves';
  if (known !== null && wave.version < known.version) {
    throw new CountersignError('STALE_BASE', `the tag ${line.tag ?? ''} is at version ${known.version} already`, {
      pointer,
      hint: 'ask for it again on what the Factory publishes now',
      details: { version: wave.version, known: known.version },
    });
  }
  requireSame(wave, known, pointer);
  if (wave.version === known?.version) return [];
  return [{ type: 'published', ...line, version: wave.version, sha256: wave.sha256, source: 'report' }];
}

function requireSame(given: VersionDigest, seen: VersionDigest | null, pointer: string): void {
  if (seen?.version !== given.version || seen.sha256 === given.sha256) return;
  throw new CountersignError(
    'WATERMARK_PUBLISHED',
    `other production targets of version ${given.version} were seen before`,
    { pointer, details: { version: given.version, known: seen.sha256, given: given.sha256 } },
  );
}
