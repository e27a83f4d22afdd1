import { writeRootDossier, type JournalLine, type RootDossierParts } from '../../dossier/index.js';
import { loadText, policyTexts } from '../dossier-texts.js';
import type { Context } from '../context.js';
import type { StoredRequest, StoredSignature } from '../store-port.js';
import { loadTagTargets, loadWaveTargets, rootStatementOf } from './stored-root.js';

/**
 * The dossier of a root update, from the store; targets are read one by one while it is written.
 *
 * @param signed in the place of the signatures that are stored
 */
export async function assembleRootDossier(
  context: Context,
  request: StoredRequest,
  journals: readonly (readonly JournalLine[])[],
  signed?: readonly StoredSignature[],
): Promise<AsyncIterable<string>> {
  return writeRootDossier(await loadParts(context, request, journals, signed));
}

/** The same for the signer. `abridged`: without the targets, which it need not be sent again when it has verified them. */
export async function assembleRootForSigner(
  context: Context,
  request: StoredRequest,
): Promise<Readonly<Record<'whole' | 'abridged', AsyncIterable<string>>>> {
  const parts = await loadParts(context, request, []);
  return {
    whole: writeRootDossier(parts),
    abridged: writeRootDossier({ ...parts, targets: [], waveTargets: [] }),
  };
}

async function loadParts(
  context: Context,
  request: StoredRequest,
  journals: readonly (readonly JournalLine[])[],
  signed?: readonly StoredSignature[],
): Promise<RootDossierParts> {
  const { requests, rootUpdates } = context.store;
  const { material, root } = request;
  const statement = rootStatementOf(request);
  const load = (digests: readonly string[]) => Promise.all(digests.map((sha256) => loadText(context, sha256)));
  const [ci, production, ciTargets, [ciDocument = '', productionDocument = '']] = await Promise.all([
    load(material.rootsCi),
    load(material.rootsProduction),
    loadText(context, material.ciTargets),
    load(material.documents),
  ]);
  const [approvals, rejections, externals, signatures, published] = await Promise.all([
    requests.approvals(request.id),
    requests.rejections(request.id),
    rootUpdates.externals(request.id),
    signed ?? requests.signatures(request.id),
    root?.published == null ? [] : load([root.published.ci, root.published.production]),
  ]);
  const [publishedCi, publishedProduction] = published;
  return {
    policies: policyTexts(context, material.policyVersion),
    roots: { ci, production },
    statement: request.statement,
    ciTargets,
    targets: withText(loadTagTargets(context, request, statement)),
    waveTargets: withText(loadWaveTargets(context, request, statement)),
    documents: [ciDocument, productionDocument],
    approvals: approvals.map(({ sshsig }) => sshsig),
    rejections: rejections.map(({ rejection, sshsig }) => ({ text: rejection, sshsig })),
    externals,
    signatures,
    published:
      publishedCi === undefined || publishedProduction === undefined
        ? null
        : { ci: publishedCi, production: publishedProduction },
    journals,
  };
}

async function* withText<T extends { readonly bytes: Buffer }>(
  documents: AsyncIterable<T>,
): AsyncGenerator<Omit<T, 'bytes'> & { readonly text: string }> {
  for await (const { bytes, ...names } of documents) yield { ...names, text: bytes.toString('utf8') };
}
