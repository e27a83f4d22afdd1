import { describeBundle } from '../factory/index.js';
import { parseOfflineBundle, parseTargets } from '../tuf/index.js';
import { checkBundle } from './check-bundle.js';
import { checkSignatures } from './check-signatures.js';
import type { DossierReader } from './dossier-reader.js';
import { requireKind } from './require-kind.js';
import type { VerifiedBundleDossier } from './verified-dossier.js';
import { closeDossier, readSignatures, type DossierOpening } from './verify-closing.js';

const MAX_SIGNATURES = 200;
/** An intent and its signatures. */
const MAX_JOURNAL_ENTRIES = 1 + MAX_SIGNATURES;

/**
 * Verifies what follows the votes in the dossier of an offline bundle: CI targets, the targets beside the bundle, the bundle
 * as it came. Errors as verifyDossier.
 *
 * That the CI targets or the CI root have expired is no obstacle: they only tell which key is the Factory's own.
 */
export async function verifyBundleDossier(
  reader: DossierReader,
  opening: DossierOpening,
): Promise<VerifiedBundleDossier> {
  const { authority } = opening;
  const { roots, rules } = authority;
  const statement = requireKind(authority.statement, 'bundle');
  const ciTargets = parseTargets(bytesOf(await reader.oneTargets('ci')));
  const line = await reader.oneTargets('production');
  const targets = parseTargets(bytesOf(line));
  const bundle = parseOfflineBundle(bytesOf(await reader.one('bundle')));
  checkBundle(statement, { roots, ciTargets, targets: { tag: line.tag, metadata: targets }, bundle }, rules);
  const document = { entry: statement.documents[0], bytes: bundle.signedBytes };
  const signatures = await readSignatures(reader, MAX_SIGNATURES);
  const signed = { ...document, keys: roots.production.signed.keys };
  checkSignatures(signatures, (index) => (index === 0 ? signed : undefined));
  const lasting = [roots.production.signed, targets.signed, bundle.signed];
  return {
    kind: 'bundle',
    statement,
    base: { ciTargets, targets },
    documents: [document],
    bundle,
    summary: describeBundle(statement.changes[0], targets.signed),
    ...(await closeDossier(reader, opening, signatures, { lasting, maxJournalEntries: MAX_JOURNAL_ENTRIES })),
  };
}

function bytesOf({ text }: { readonly text: string }): Buffer {
  return Buffer.from(text, 'utf8');
}
