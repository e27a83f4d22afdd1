import type { StatementDocument, VerifiedDossier } from '../../dossier/index.js';
import type { Key, Root } from '../../tuf/index.js';

/**
 * The keys that a document's signatures are verified with: those of the root in force for a Wave or a bundle; for a new root those that it
 * names and, for the old threshold, those of the one in force; for what a root update signs again those of the new production root.
 */
export function signingRoot(dossier: VerifiedDossier, { role, repository }: StatementDocument): Pick<Root, 'keys'> {
  const { roots } = dossier;
  if (dossier.kind !== 'root') return roots.production.signed;
  if (role === 'targets') return dossier.next.production;
  const keys: Record<string, Key> = { ...roots[repository].signed.keys, ...dossier.next[repository].keys };
  return { keys };
}
