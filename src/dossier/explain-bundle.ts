import { formatBundle } from '../factory/index.js';
import type { VerifiedBundleDossier } from './verified-dossier.js';

/** What a bundle is, in one line. */
export function nameBundle({ statement, summary }: VerifiedBundleDossier): string {
  const { tag, targets } = summary;
  return `Offline bundle of ${targets.length} Target(s) for tag ${tag} of Factory ${statement.factory}`;
}

/** Sections about what only bundles have, each a list of lines. */
export function explainBundle({ summary, bundle }: VerifiedBundleDossier): string[][] {
  const present = bundle.signatures.map(({ keyid, method }) => `  ${keyid}  ${method}`);
  return [
    formatBundle(summary, null).trimEnd().split('\n'),
    ['Signatures that it came with, each verified with the production root:', ...present],
  ];
}
