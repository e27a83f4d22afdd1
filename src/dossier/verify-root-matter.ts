import { applyRootChanges, describeRootUpdate, REPOSITORIES, type RootUpdate } from '../factory/index.js';
import { CountersignError } from '../errors.js';
import { parseTargets, type RootMetadata } from '../tuf/index.js';
import { readBaseTargets } from './base-targets.js';
import { findMissingSigners } from './check-root-sign.js';
import { checkRootUpdate } from './check-root-update.js';
import type { DossierReader } from './dossier-reader.js';
import type { HeldMatters } from './held-matters.js';
import { digestOf } from './recall.js';
import { baseMismatch, requireBaseDigest, requireBaseDocument, requireBaseRoots } from './require-base.js';
import { requireKind } from './require-kind.js';
import { basePath, RootMatter } from './root-matter.js';
import type { RootStatement } from './root-statement.js';
import type { VerifiedRootMatter } from './verified-root-matter.js';
import { authorityKey } from './verify-authority.js';
import type { DossierOpening } from './verify-closing.js';

/** The lines that hold it, but for those of the targets that the update builds on. */
interface MatterTexts {
  readonly ciTargets: string;
  /** The new roots, CI and production. */
  readonly documents: readonly string[];
}

/**
 * Verifies CI targets, the targets documents that an update builds on, and what its changes make of them. Of an abridged dossier the targets documents were
 * verified with all the rest before; that it is all the same is found by the digest of what did come, the statement with theirs among it.
 *
 * @throws as verifyDossier
 */
export async function verifyRootMatter(reader: DossierReader, opening: DossierOpening): Promise<VerifiedRootMatter> {
  const { texts, authority, pins, held, abridged } = opening;
  const digest = ({ ciTargets, documents }: MatterTexts): string =>
    digestOf([...authorityKey(texts, pins), ciTargets, ...documents]);
  if (abridged) {
    const ciTargets = (await reader.oneTargets('ci')).text;
    return heldMatter(held, digest({ ciTargets, documents: await readRoots(reader) }));
  }
  const { matter, ...own } = await readMatter(reader, opening);
  held?.hold(digest(own), authority.statementSha256, matter);
  return matter;
}

/** @throws DOSSIER_NOT_HELD */
function heldMatter(held: HeldMatters | null, digest: string): VerifiedRootMatter {
  const matter = held?.find(digest);
  if (matter !== undefined) return matter;
  throw new CountersignError('DOSSIER_NOT_HELD', 'what this dossier leaves out is not held here', {
    hint: 'send the whole dossier',
  });
}

async function readMatter(
  reader: DossierReader,
  { authority }: DossierOpening,
): Promise<MatterTexts & { readonly matter: VerifiedRootMatter }> {
  const { roots } = authority;
  const statement = requireKind(authority.statement, 'root');
  const { changes } = statement;
  requireBaseRoots(statement, roots);
  const { text } = await reader.oneTargets('ci');
  const ciTargets = parseTargets(Buffer.from(text, 'utf8'));
  requireBaseDocument(ciTargets, statement.base.ciTargets, ['ciTargets'], 'the CI targets');
  const matter = new RootMatter(changes, roots, ciTargets);
  await readTargets(reader, statement, roots.production, matter);

  const update = applyRootChanges(changes, matter.base);
  const rootTexts = await readRoots(reader);
  requireRoots(rootTexts, update);
  const next = checkRootUpdate(statement, matter, update, authority.policy.policy);
  const bytes = [update.ci, update.production, ...matter.reSigned.map((document) => document.bytes)];
  const { sign } = statement.documents[0];
  const fromOutside = findMissingSigners(sign, update.signers, [])[0]?.keyids ?? [];
  const signers = { ...update.signers, keyids: [...sign, ...fromOutside] };
  return {
    ciTargets: text,
    documents: rootTexts,
    matter: {
      statement,
      base: { ciTargets, documents: matter.baseDocuments },
      documents: statement.documents.map((entry, index) => ({ entry, bytes: bytes[index] ?? Buffer.alloc(0) })),
      next,
      onlineTargetsKeyids: { before: matter.base.onlineTargetsKeyid, after: matter.plan.onlineTargetsKeyid },
      signers,
      summary: { ...describeRootUpdate(changes, matter.base, matter.described), signers },
      update,
    },
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
async function readRoots(reader: DossierReader): Promise<string[]> {
  const texts: string[] = [];
  for (const index of REPOSITORIES.keys()) {
    const line = await reader.one('document');
    if (line.index !== index) throw reader.invalid(`the document with the index ${index} has to come`);
    texts.push(line.text);
  }
  return texts;
}

function requireRoots(texts: readonly string[], update: RootUpdate): void {
  for (const [index, repository] of REPOSITORIES.entries()) {
    if (update[repository].equals(Buffer.from(texts[index] ?? '', 'utf8'))) continue;
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

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
