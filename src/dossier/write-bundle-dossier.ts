import type { DossierLine } from './dossier-line.js';
import { closingLines, formatLine, openingLines, type DossierEnds } from './write-dossier.js';

/** Everything that stands in the dossier of an offline bundle, as texts. */
export interface BundleDossierParts extends DossierEnds {
  /** The targets metadata beside the bundle. */
  readonly targets: { readonly tag: string; readonly text: string };
  /** The bundle as it came, `{signatures, signed}`. */
  readonly bundle: string;
}

/** The lines of a bundle's dossier, each with its line feed, in their one order. */
export function* writeBundleDossier(parts: BundleDossierParts): Generator<string, void, undefined> {
  for (const line of dossierLines(parts)) yield formatLine(line);
}

function* dossierLines(parts: BundleDossierParts): Generator<DossierLine, void, undefined> {
  const { tag, text } = parts.targets;
  yield* openingLines(parts);
  yield { type: 'targets', repository: 'production', tag, text };
  yield { type: 'bundle', text: parts.bundle };
  yield* closingLines(parts, []);
}
