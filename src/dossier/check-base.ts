import { CountersignError } from '../errors.js';
import { jsonPointer, type Repository } from '../factory/index.js';
import { verifyTargets, type RootMetadata, type TargetsMetadata } from '../tuf/index.js';
import type { WaveStatement } from './wave-statement.js';

/** The documents in a dossier that a statement builds on, by what the dossier says they are. */
export interface DossierBase {
  readonly roots: Readonly<Record<Repository, RootMetadata>>;
  readonly ciTargets: TargetsMetadata;
  readonly productionTargets: { readonly tag: string; readonly metadata: TargetsMetadata } | null;
}

/**
 * Checks that the dossier holds just the documents that the statement builds on, and that each is signed as
 * a device would want it: the CI targets under the CI root, the production targets under the production
 * root's threshold. That the production targets may have expired is no obstacle: a Wave is what replaces them.
 *
 * @returns the keyids that signed the CI targets: the Factory's online keys
 * @throws STATEMENT_BASE_MISMATCH a version or digest differs, or a document is missing or there for nothing
 * @throws THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID
 */
export function checkBase(
  statement: WaveStatement,
  { roots, ciTargets, productionTargets }: DossierBase,
): readonly string[] {
  const { base, documents } = statement;
  const { tag } = documents[0];
  for (const repository of ['ci', 'production'] as const) {
    const root = roots[repository];
    requireSame(root.signed.version, base.root.version, ['root', 'version'], `the ${repository} root`);
    requireSame(root.sha256, base.root[repository], ['root', repository], `the ${repository} root`);
  }
  requireDocument(ciTargets, base.ciTargets, ['ciTargets'], 'the CI targets');

  const tags = Object.keys(base.targets);
  if (tags.length !== 1 || tags[0] !== tag)
    throw mismatch(['targets'], `a Wave for tag ${tag} builds on the targets of that tag alone`);
  const wanted = base.targets[tag] ?? null;
  const path = ['targets', tag];
  if (wanted === null && productionTargets !== null) {
    throw mismatch(path, 'the statement says that the tag has no production targets, the dossier holds some');
  }
  if (wanted !== null) {
    if (productionTargets === null)
      throw mismatch(path, 'the dossier lacks the production targets that the statement builds on');
    if (productionTargets.tag !== tag) throw mismatch(path, `the dossier holds the production targets of another tag`);
    requireDocument(productionTargets.metadata, wanted, path, `the production targets of ${tag}`);
    verifyTargets(roots.production, productionTargets.metadata);
    requireTargetsOf(tag, productionTargets.metadata);
  }
  return verifyTargets(roots.ci, ciTargets).signed;
}

/**
 * Production targets do not name their tag, their entries do: without this, those of another tag, which the same keys
 * signed, could be passed off as this tag's and their entries kept.
 */
function requireTargetsOf(tag: string, { signed }: TargetsMetadata): void {
  for (const [name, { custom }] of Object.entries(signed.targets)) {
    const tags = custom?.['tags'];
    if (Array.isArray(tags) && tags.includes(tag)) continue;
    throw mismatch(
      ['targets', tag],
      `the production targets in the dossier are of another tag: so says the entry ${name}`,
    );
  }
}

function requireDocument(
  metadata: TargetsMetadata,
  wanted: { readonly version: number; readonly sha256: string },
  path: readonly string[],
  what: string,
): void {
  requireSame(metadata.signed.version, wanted.version, [...path, 'version'], what);
  requireSame(metadata.sha256, wanted.sha256, [...path, 'sha256'], what);
}

function requireSame(actual: string | number, wanted: string | number, path: readonly string[], what: string): void {
  if (actual !== wanted)
    throw mismatch(
      path,
      `${what} in the dossier has ${path.at(-1) ?? ''} ${actual}, the statement builds on ${wanted}`,
    );
}

function mismatch(path: readonly string[], message: string): CountersignError {
  return new CountersignError('STATEMENT_BASE_MISMATCH', message, { pointer: jsonPointer('base', ...path) });
}
