import { checkPublished, checkSignatures } from './check-signatures.js';
import type { DossierReader } from './dossier-reader.js';
import { requireKind } from './require-kind.js';
import type { VerifiedWaveDossier } from './verified-dossier.js';
import { closeDossier, readSignatures, type DossierOpening } from './verify-closing.js';
import { verifyWaveMatter, type WaveMatterTexts } from './verify-matter.js';

const MAX_SIGNATURES = 200;
/** An intent and its signatures. */
const MAX_JOURNAL_ENTRIES = 1 + MAX_SIGNATURES;

/** Verifies what follows the votes in the dossier of a Wave. Errors as verifyDossier. */
export async function verifyWaveDossier(reader: DossierReader, opening: DossierOpening): Promise<VerifiedWaveDossier> {
  const { texts, authority, pins } = opening;
  const statement = requireKind(authority.statement, 'wave');
  const { ci, production } = authority.roots;
  const matter = verifyWaveMatter(await readMatter(reader), authority, texts, pins);
  const [document] = matter.documents;
  const signed = { ...document, keys: production.signed.keys };
  const signatures = await readSignatures(reader, MAX_SIGNATURES);
  checkSignatures(signatures, (index) => (index === 0 ? signed : undefined));
  const publishedLine = await reader.maybe('published');
  const published = publishedLine && checkPublished(publishedLine.text, document.bytes, production);
  const lasting = [ci.signed, production.signed, matter.base.ciTargets.signed];
  return {
    kind: 'wave',
    statement,
    ...matter,
    ...(published === null ? {} : { published }),
    ...(await closeDossier(reader, opening, signatures, { lasting, maxJournalEntries: MAX_JOURNAL_ENTRIES })),
  };
}

async function readMatter(reader: DossierReader): Promise<WaveMatterTexts> {
  const ciTargets = (await reader.oneTargets('ci')).text;
  const production = await reader.maybeTargets('production');
  const { index, text } = await reader.one('document');
  if (index !== 0) throw reader.invalid('a Wave has one document, with the index 0');
  return {
    ciTargets,
    productionTargets: production && { tag: production.tag, text: production.text },
    document: text,
  };
}
