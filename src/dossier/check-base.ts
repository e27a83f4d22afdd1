import type { Repository } from '../factory/index.js';
import { verifyTargets, type RootMetadata, type TargetsMetadata } from '../tuf/index.js';
import { baseMismatch, requireBaseDocument, requireBaseRoots, requireTargetsOf } from './require-base.js';
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
  requireBaseRoots(statement, roots);
  requireBaseDocument(ciTargets, base.ciTargets, ['ciTargets'], 'the CI targets');

  const tags = Object.keys(base.targets);
  if (tags.length !== 1 || tags[0] !== tag)
    throw baseMismatch(['targets'], `a Wave for tag ${tag} builds on the targets of that tag alone`);
  const wanted = base.targets[tag] ?? null;
  const path = ['targets', tag];
  if (wanted === null && productionTargets !== null) {
    throw baseMismatch(path, 'the statement says that the tag has no production targets, the dossier holds some');
  }
  if (wanted !== null) {
    if (productionTargets === null)
      throw baseMismatch(path, 'the dossier lacks the production targets that the statement builds on');
    if (productionTargets.tag !== tag)
      throw baseMismatch(path, `the dossier holds the production targets of another tag`);
    requireBaseDocument(productionTargets.metadata, wanted, path, `the production targets of ${tag}`);
    verifyTargets(roots.production, productionTargets.metadata);
    requireTargetsOf(tag, productionTargets.metadata, path);
  }
  return verifyTargets(roots.ci, ciTargets).signed;
}
