import type { Repository } from '../factory/index.js';
import { DOSSIER_FORMAT, type DossierLine, type JournalLine, type SignatureLine } from './dossier-line.js';

/** What stands in dossiers of every kind, as texts; what goes beyond that is derived by whoever verifies. */
export interface DossierEnds {
  /** policy.json texts, version 1 first. */
  readonly policies: readonly string[];
  /** Root metadata of both repositories, from the policy's first root on, ascending. */
  readonly roots: Readonly<Record<Repository, readonly string[]>>;
  readonly statement: string;
  /** Armored SSH signatures. */
  readonly approvals?: readonly string[];
  readonly rejections?: readonly { readonly text: string; readonly sshsig: string }[];
  /** CI targets metadata, `{signatures, signed}`. */
  readonly ciTargets: string;
  readonly signatures?: readonly Omit<SignatureLine, 'type'>[];
  /** Of each signer that took part: its journal from the intent to the last signature. */
  readonly journals?: readonly (readonly JournalLine[])[];
}

/** Everything that stands in the dossier of a Wave. */
export interface DossierParts extends DossierEnds {
  /** The tag's production targets metadata, null before its first Wave. */
  readonly productionTargets: { readonly tag: string; readonly text: string } | null;
  /** Canonical `signed` bytes to be signed, as text, in the statement's order. */
  readonly documents: readonly string[];
  /** Targets metadata as the Factory published it. */
  readonly published?: string | null;
}

/** The lines of a Wave's dossier, each with its line feed, in their one order. */
export function* writeDossier(parts: DossierParts): Generator<string, void, undefined> {
  for (const line of dossierLines(parts)) yield formatLine(line);
}

export function formatLine(line: DossierLine): string {
  return `${JSON.stringify(line)}\n`;
}

function* dossierLines(parts: DossierParts): Generator<DossierLine, void, undefined> {
  const { productionTargets, published = null } = parts;
  yield* openingLines(parts);
  if (productionTargets !== null) yield { type: 'targets', repository: 'production', ...productionTargets };
  for (const [index, text] of parts.documents.entries()) yield { type: 'document', index, text };
  yield* closingLines(parts, published === null ? [] : [{ type: 'published', text: published }]);
}

/** Down to the CI targets. */
export function* openingLines(parts: DossierEnds): Generator<DossierLine, void, undefined> {
  const { roots } = parts;
  yield { type: 'dossier', format: DOSSIER_FORMAT };
  for (const text of parts.policies) yield { type: 'policy', text };
  for (const text of roots.ci) yield { type: 'root', repository: 'ci', text };
  for (const text of roots.production) yield { type: 'root', repository: 'production', text };
  yield { type: 'statement', text: parts.statement };
  for (const sshsig of parts.approvals ?? []) yield { type: 'approval', sshsig };
  for (const { text, sshsig } of parts.rejections ?? []) yield { type: 'rejection', text, sshsig };
  yield { type: 'targets', repository: 'ci', text: parts.ciTargets };
}

/** From the signatures on, with what the Factory published in its place. */
export function* closingLines(
  parts: DossierEnds,
  published: readonly DossierLine[],
): Generator<DossierLine, void, undefined> {
  for (const { document, keyid, method, sig, signedAt } of parts.signatures ?? []) {
    yield { type: 'signature', document, keyid, method, sig, signedAt };
  }
  yield* published;
  for (const [index, lines] of (parts.journals ?? []).entries()) {
    if (index > 0) yield { type: 'next-journal' };
    yield* lines;
  }
}
