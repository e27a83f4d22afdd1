import type { DossierLine } from './dossier-line.js';
import type { ExternalSignature } from './verified-dossier.js';
import { closingLines, formatLine, openingLines, type DossierEnds } from './write-dossier.js';

/** Everything that stands in the dossier of a root update, as texts. */
export interface RootDossierParts extends DossierEnds {
  /** Production targets metadata of every tag, ascending by tag. */
  readonly targets: Iterable<TagTargets> | AsyncIterable<TagTargets>;
  /** Targets metadata of every active Wave, ascending by Wave. */
  readonly waveTargets: Iterable<WaveTargets> | AsyncIterable<WaveTargets>;
  /** Canonical `signed` bytes of the new roots, as text: CI, production. */
  readonly documents: readonly [ci: string, production: string];
  readonly externals?: readonly ExternalSignature[];
  /** Root metadata as the Factory published it. */
  readonly published?: { readonly ci: string; readonly production: string } | null;
}

interface TagTargets {
  readonly tag: string;
  readonly text: string;
}

interface WaveTargets extends TagTargets {
  readonly wave: string;
}

/** The lines of a root update's dossier, each with its line feed, in their one order. Holds one targets document at a time. */
export async function* writeRootDossier(parts: RootDossierParts): AsyncGenerator<string, void, undefined> {
  for await (const line of dossierLines(parts)) yield formatLine(line);
}

async function* dossierLines(parts: RootDossierParts): AsyncGenerator<DossierLine, void, undefined> {
  const { documents, externals = [], published = null } = parts;
  yield* openingLines(parts);
  for await (const { tag, text } of parts.targets) yield { type: 'targets', repository: 'production', tag, text };
  for await (const { wave, tag, text } of parts.waveTargets) yield { type: 'wave-targets', wave, tag, text };
  for (const [index, text] of documents.entries()) yield { type: 'document', index, text };
  for (const { document, keyid, method, sig } of externals) yield { type: 'external', document, keyid, method, sig };
  yield* closingLines(
    parts,
    published === null
      ? []
      : [
          { type: 'published-root', repository: 'ci', text: published.ci },
          { type: 'published-root', repository: 'production', text: published.production },
        ],
  );
}
