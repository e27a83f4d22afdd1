import { CountersignError } from '../errors.js';
import { jsonPointer, REPOSITORIES, type Repository } from '../factory/index.js';
import type { RootMetadata, TargetsMetadata } from '../tuf/index.js';
import type { Statement } from './statement.js';

interface VersionedDigest {
  readonly version: number;
  readonly sha256: string;
}

/**
 * Requires that the roots in force are those that the statement builds on.
 *
 * @throws STATEMENT_BASE_MISMATCH
 */
export function requireBaseRoots(
  { base }: Pick<Statement, 'base'>,
  roots: Readonly<Record<Repository, RootMetadata>>,
): void {
  for (const repository of REPOSITORIES) {
    const { signed, sha256 } = roots[repository];
    const what = `the ${repository} root`;
    requireSame(signed.version, base.root.version, ['root', 'version'], what);
    requireSame(sha256, base.root[repository], ['root', repository], what);
  }
}

/**
 * Requires that a document is just the one that the statement builds on.
 *
 * @param path below `/base` in the statement
 * @throws STATEMENT_BASE_MISMATCH
 */
export function requireBaseDocument(
  metadata: TargetsMetadata,
  wanted: VersionedDigest,
  path: readonly string[],
  what: string,
): void {
  requireBaseDigest({ version: metadata.signed.version, sha256: metadata.sha256 }, wanted, path, what);
}

/** The same for a document of which version and digest are known. @throws STATEMENT_BASE_MISMATCH */
export function requireBaseDigest(
  { version, sha256 }: VersionedDigest,
  wanted: VersionedDigest,
  path: readonly string[],
  what: string,
): void {
  requireSame(version, wanted.version, [...path, 'version'], what);
  requireSame(sha256, wanted.sha256, [...path, 'sha256'], what);
}

/**
 * Production targets do not name their tag, their entries do: without this, those of another tag, which the same keys
 * signed, could be passed off as this tag's.
 *
 * @throws STATEMENT_BASE_MISMATCH
 */
export function requireTargetsOf(tag: string, metadata: TargetsMetadata, path: readonly string[]): void {
  const name = findEntryOfAnotherTag(tag, metadata);
  if (name === undefined) return;
  throw baseMismatch(path, `the production targets in the dossier are of another tag: so says the entry ${name}`);
}

/** The name of the first entry that is not one of that tag, if there is any. */
export function findEntryOfAnotherTag(tag: string, { signed }: TargetsMetadata): string | undefined {
  for (const [name, { custom }] of Object.entries(signed.targets)) {
    const tags = custom?.['tags'];
    if (!(Array.isArray(tags) && tags.includes(tag))) return name;
  }
  return undefined;
}

/** @param path below `/base` in the statement */
export function baseMismatch(path: readonly string[], message: string): CountersignError {
  return new CountersignError('STATEMENT_BASE_MISMATCH', message, { pointer: jsonPointer('base', ...path) });
}

function requireSame(actual: string | number, wanted: string | number, path: readonly string[], what: string): void {
  if (actual === wanted) return;
  throw baseMismatch(
    path,
    `${what} in the dossier has ${path.at(-1) ?? ''} ${actual}, the statement builds on ${wanted}`,
  );
}
