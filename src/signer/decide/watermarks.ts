import { CountersignError } from '../../errors.js';
import { pointerTo } from '../../tuf/index.js';
import type { IssuedDocument, VersionDigest, Watermark } from '../journal/index.js';

export interface WatermarkQuestion {
  /** Index into the statement's documents. */
  readonly index: number;
  readonly document: VersionDigest;
  readonly mark: Watermark | null;
  /** The production targets that the statement builds on, which are published too. */
  readonly base: VersionDigest | null;
  /** Digests that the approved statement names as superseded. */
  readonly supersedes: readonly string[];
}

/**
 * Checks documents against what was published and what was signed on their lines before.
 *
 * Published: other bytes at or below it are never signed, whoever approves. Issued: signatures over other bytes, of this version or a
 * higher one, are out in the world though nobody published them; these officers must have seen and named every one of them.
 *
 * @throws WATERMARK_PUBLISHED, WATERMARK_ISSUED which names all that is not named, so that it can be at once
 */
export function requireAboveWatermarks(questions: readonly WatermarkQuestion[]): void {
  for (const question of questions) requireAbovePublished(question);
  const unnamed = questions.flatMap(({ document: { version, sha256 }, mark, supersedes }) =>
    (mark?.issued ?? []).filter(
      (issued) => issued.version >= version && issued.sha256 !== sha256 && !supersedes.includes(issued.sha256),
    ),
  );
  if (unnamed.length === 0) return;
  const version = questions[0]?.document.version ?? 0;
  throw new CountersignError('WATERMARK_ISSUED', `other bytes were signed at version ${version} or above it`, {
    pointer: '/supersedes',
    hint: 'ask for it again: a statement that names them as superseded can be signed, if its officers agree',
    details: {
      version,
      issued: [...new Set(unnamed.map((issued) => issued.sha256))],
      issuedVersions: [...new Set(unnamed.map((issued) => String(issued.version)))],
      statements: byStatement(unnamed),
    },
  });
}

function requireAbovePublished({ index, document: { version, sha256 }, mark, base }: WatermarkQuestion): void {
  for (const published of [mark?.published ?? null, base]) {
    if (published === null || version > published.version) continue;
    if (version === published.version && sha256 === published.sha256) continue;
    throw new CountersignError(
      'WATERMARK_PUBLISHED',
      `version ${published.version} is published; ${version} is not higher`,
      {
        pointer: pointerTo(pointerTo('/documents', index), 'version'),
        hint: 'choose a higher version',
        details: { version, published: published.version, publishedSha256: published.sha256 },
      },
    );
  }
}

/** `STATEMENT:DOCUMENT,DOCUMENT` of each statement that is known. */
function byStatement(issued: readonly IssuedDocument[]): string[] {
  const documents = new Map<string, Set<string>>();
  for (const { statement, sha256 } of issued) {
    if (statement !== null) documents.set(statement, (documents.get(statement) ?? new Set()).add(sha256));
  }
  return Array.from(documents, ([statement, digests]) => `${statement}:${[...digests].join(',')}`);
}
