import type { Repository, RootUpdate } from '../factory/index.js';
import { CountersignError } from '../errors.js';
import { parseRoot, verifyRootUpdate, type RootMetadata } from '../tuf/index.js';
import { checkExternals } from './check-externals.js';
import { findMissingSigners } from './check-root-sign.js';
import { checkSignatures, type SignedDocument } from './check-signatures.js';
import type { DossierReader } from './dossier-reader.js';
import type { RootStatement } from './root-statement.js';
import type { ExternalSignature, VerifiedRootDossier } from './verified-dossier.js';
import { closeDossier, readSignatures, type DossierOpening } from './verify-closing.js';
import { verifyRootMatter } from './verify-root-matter.js';

/** Each root key signs from outside at most once for each of the two roots. */
const MAX_EXTERNALS = 200;

/**
 * Verifies what follows the votes in the dossier of a root update. The targets documents are read one by one; of those that
 * are signed again the bytes are kept. Errors as verifyDossier.
 *
 * That roots in force or CI targets have expired is no obstacle: devices follow a chain through expired roots, and new
 * roots are what mends it.
 */
export async function verifyRootDossier(reader: DossierReader, opening: DossierOpening): Promise<VerifiedRootDossier> {
  const matter = await verifyRootMatter(reader, opening);
  const { statement, documents, update, next, signers } = matter;
  const { roots } = opening.authority;
  const externals = await readExternals(reader);
  checkExternals(externals, { documents, roots, signers });
  const signatures = await readSignatures(reader, countSignatures(statement));
  checkSignatures(signatures, (index) => signedDocument(documents[index], { roots, next }));
  const published = await readPublished(reader, update, roots);
  const maxJournalEntries = 1 + documents.length + countSignatures(statement);
  return {
    kind: 'root',
    ...{ statement, base: matter.base, documents, next, signers, summary: matter.summary },
    onlineTargetsKeyids: matter.onlineTargetsKeyids,
    externals,
    missingSigners: findMissingSigners(statement.documents[0].sign, signers, externals),
    ...(published === null ? {} : { published: { roots: published } }),
    ...(await closeDossier(reader, opening, signatures, { lasting: [], maxJournalEntries })),
  };
}

async function readExternals(reader: DossierReader): Promise<ExternalSignature[]> {
  const externals: ExternalSignature[] = [];
  for await (const { document, keyid, method, sig } of reader.all('external', MAX_EXTERNALS)) {
    externals.push({ document, keyid, method, sig });
  }
  return externals;
}

function countSignatures({ documents }: RootStatement): number {
  return documents.reduce((sum, { sign }) => sum + sign.length, 0);
}

/** A root is also signed by keys of the one before it; targets are signed for the new production root alone. */
function signedDocument(
  document: VerifiedRootDossier['documents'][number] | undefined,
  { roots, next }: Pick<VerifiedRootDossier, 'roots' | 'next'>,
): SignedDocument | undefined {
  if (document === undefined) return undefined;
  const { role, repository } = document.entry;
  const { keys } = next[repository];
  return { ...document, keys: role === 'root' ? { ...roots[repository].signed.keys, ...keys } : keys };
}

/** Either both roots or none. */
async function readPublished(
  reader: DossierReader,
  update: RootUpdate,
  roots: Readonly<Record<Repository, RootMetadata>>,
): Promise<{ ci: RootMetadata; production: RootMetadata } | null> {
  const ci = await reader.maybe('published-root');
  if (ci === null) return null;
  const production = await reader.one('published-root');
  if (ci.repository !== 'ci' || production.repository !== 'production') {
    throw reader.invalid('of the published roots the CI root comes first, then the production root');
  }
  const check = (repository: Repository, text: string): RootMetadata => {
    const published = parseRoot(Buffer.from(text, 'utf8'));
    if (!published.signedBytes.equals(update[repository])) {
      throw new CountersignError(
        'STATEMENT_DOCUMENT_MISMATCH',
        `what the Factory published is not the approved ${repository} root`,
        { pointer: '/signed', details: { repository, published: published.sha256 } },
      );
    }
    verifyRootUpdate(roots[repository], published);
    return published;
  };
  return { ci: check('ci', ci.text), production: check('production', production.text) };
}
