import type { VerifiedBundleDossier } from '../../dossier/index.js';
import { formatBundle, type BundlePlaces } from '../../factory/index.js';
import { plain } from '../terminal/output.js';

/** What a bundle lets whoever holds it install, where its Targets are published now, and who has signed it. */
export function describeBundleDossier(
  { bundle, statement, summary }: VerifiedBundleDossier,
  places: BundlePlaces | null,
): string[] {
  const [document] = statement.documents;
  return [
    formatBundle(summary, places).trimEnd(),
    '',
    ...bundle.signatures.map(({ keyid }) => `Signed     already by ${plain(keyid)}, which holds`),
    `Document   ${document.length} bytes, sha256 ${document.sha256}`,
  ];
}
