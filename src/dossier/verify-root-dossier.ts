import {
  applyRootChanges,
  describeRootUpdate,
  REPOSITORIES,
  type Repository,
  type RootUpdate,
} from '../factory/index.js';
import { CountersignError } from '../errors.js';
import { parseRoot, parseTargets, verifyRootUpdate, type RootMetadata } from '../tuf/index.js';
import { readBaseTargets } from './base-targets.js';
import { checkExternals } from './check-externals.js';
import { findMissingSigners } from './check-root-sign.js';
import { checkRootUpdate } from './check-root-update.js';
import { checkSignatures, type SignedDocument } from './check-signatures.js';
import type { DossierReader } from './dossier-reader.js';
import { baseMismatch, requireBaseDigest, requireBaseDocument, requireBaseRoots } from './require-base.js';
import { requireKind } from './require-kind.js';
import { basePath, RootMatter } from './root-matter.js';
import type { RootStatement } from './root-statement.js';
import type { ExternalSignature, VerifiedRootDossier } from './verified-dossier.js';
import { closeDossier, readSignatures, type DossierOpening } from './verify-closing.js';

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
  const { authority } = opening;
  const { roots } = authority;
  const statement = requireKind(authority.statement, 'root');
  const { changes } = statement;
  requireBaseRoots(statement, roots);
  const ciTargets = parseTargets(Buffer.from((await reader.oneTargets('ci')).text, 'utf8'));
  requireBaseDocument(ciTargets, statement.base.ciTargets, ['ciTargets'], 'the CI targets');
  const matter = new RootMatter(changes, roots, ciTargets);
  await readTargets(reader, statement, roots.production, matter);

  const update = applyRootChanges(changes, matter.base);
  await requireRoots(reader, update);
  const next = checkRootUpdate(statement, matter, update, authority.policy.policy);
  const bytes = [update.ci, update.production, ...matter.reSigned.map((document) => document.bytes)];
  const documents = statement.documents.map((entry, index) => ({ entry, bytes: bytes[index] ?? Buffer.alloc(0) }));
  const { sign } = statement.documents[0];
  const fromOutside = findMissingSigners(sign, update.signers, [])[0]?.keyids ?? [];
  const signers = { ...update.signers, keyids: [...sign, ...fromOutside] };

  const externals = await readExternals(reader);
  checkExternals(externals, { documents, roots, signers });
  const signatures = await readSignatures(reader, countSignatures(statement));
  checkSignatures(signatures, (index) => signedDocument(documents[index], { roots, next }));
  const published = await readPublished(reader, update, roots);
  const maxJournalEntries = 1 + documents.length + countSignatures(statement);
  return {
    kind: 'root',
    statement,
    base: { ciTargets, documents: matter.baseDocuments },
    documents,
    next,
    onlineTargetsKeyids: { before: matter.base.onlineTargetsKeyid, after: matter.plan.onlineTargetsKeyid },
    signers,
    summary: { ...describeRootUpdate(changes, matter.base, matter.described), signers },
    externals,
    missingSigners: findMissingSigners(sign, signers, externals),
    ...(published === null ? {} : { published: { roots: published } }),
    ...(await closeDossier(reader, opening, signatures, { lasting: [], maxJournalEntries })),
  };
}

/** All that the statement builds on, each once, and nothing else. */
async function readTargets(
  reader: DossierReader,
  { base }: RootStatement,
  production: RootMetadata,
  matter: RootMatter,
): Promise<void> {
  const take = (
    { tag, wave, text }: { tag: string; wave: string | null; text: string },
    wanted: { version: number; sha256: string } | undefined,
  ): void => {
    const path = basePath({ tag, wave });
    const what = wave === null ? `the production targets of ${tag}` : `the targets of the Wave ${wave}`;
    if (wanted === undefined) throw baseMismatch(path, `the statement does not build on ${what}`);
    const document = readBaseTargets({ tag, wave, text }, production);
    requireBaseDigest(document, wanted, path, what);
    matter.take(document);
  };
  for (let line = await reader.maybeTargets('production'); line; line = await reader.maybeTargets('production')) {
    take({ ...line, wave: null }, own(base.targets, line.tag));
  }
  for (let line = await reader.maybe('wave-targets'); line; line = await reader.maybe('wave-targets')) {
    const wanted = own(base.waves, line.wave);
    take(line, wanted?.tag === line.tag ? wanted : undefined);
  }
  const taken = new Set(matter.baseDocuments.map((document) => JSON.stringify(basePath(document))));
  for (const path of [
    ...Object.keys(base.targets).map((tag) => ['targets', tag]),
    ...Object.keys(base.waves).map((wave) => ['waves', wave]),
  ]) {
    if (!taken.has(JSON.stringify(path)))
      throw baseMismatch(path, 'the dossier lacks a document that the statement builds on');
  }
  matter.end();
}

/** The two roots stand in the dossier as they are to be signed, so that nobody has to make them to read them. */
async function requireRoots(reader: DossierReader, update: RootUpdate): Promise<void> {
  for (const [index, repository] of REPOSITORIES.entries()) {
    const line = await reader.one('document');
    if (line.index !== index) throw reader.invalid(`the document with the index ${index} has to come`);
    if (update[repository].equals(Buffer.from(line.text, 'utf8'))) continue;
    throw new CountersignError(
      'CHANGES_DO_NOT_REPRODUCE',
      `the changes of the statement give another ${repository} root than the one in the dossier`,
      {
        pointer: '/changes',
        hint: 'Do not approve it: what would be signed is not what the statement says.',
        details: { repository },
      },
    );
  }
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

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
