import { isCountersignError } from '../errors.js';
import { writeDossier, type DossierParts, type JournalLine } from '../dossier/index.js';
import { parseRoot, parseTargets, verifyTargets } from '../tuf/index.js';
import { assembleBundleDossier } from './bundle/assemble-bundle-dossier.js';
import type { Context } from './context.js';
import { loadText, policyTexts } from './dossier-texts.js';
import { assembleRootDossier } from './root/assemble-root-dossier.js';
import type { StoredRequest } from './store-port.js';

/**
 * The dossier of a request, from the store: with its approvals and rejections, and with signatures and what was
 * published once they are there.
 *
 * @param journals the signers' own lines about it, which make evidence of a dossier
 */
export async function assembleDossier(
  context: Context,
  request: StoredRequest,
  journals: readonly (readonly JournalLine[])[] = [],
): Promise<AsyncIterable<string> | Iterable<string>> {
  if (request.kind === 'root') return assembleRootDossier(context, request, journals);
  if (request.kind === 'bundle') return assembleBundleDossier(context, request, journals);
  const { requests } = context.store;
  const [base, approvals, rejections, signatures, published] = await Promise.all([
    loadMaterial(context, request),
    requests.approvals(request.id),
    requests.rejections(request.id),
    requests.signatures(request.id),
    request.published === null ? null : loadText(context, request.published),
  ]);
  return writeDossier({
    ...base,
    approvals: approvals.map(({ sshsig }) => sshsig),
    rejections: rejections.map(({ rejection, sshsig }) => ({ text: rejection, sshsig })),
    signatures,
    published: published !== null && holdsUnder(base.roots.production.at(-1), published) ? published : null,
    journals,
  });
}

async function loadMaterial(context: Context, request: StoredRequest): Promise<DossierParts> {
  const { material } = request;
  const load = (digests: readonly string[]) => Promise.all(digests.map((sha256) => loadText(context, sha256)));
  const [ci, production, ciTargets, productionTargets, documents] = await Promise.all([
    load(material.rootsCi),
    load(material.rootsProduction),
    loadText(context, material.ciTargets),
    material.productionTargets[0] === undefined ? null : loadText(context, material.productionTargets[0]),
    load(material.documents),
  ]);
  return {
    policies: policyTexts(context, material.policyVersion),
    roots: { ci, production },
    statement: request.statement,
    ciTargets,
    productionTargets:
      productionTargets === null || request.wave === null ? null : { tag: request.wave.tag, text: productionTargets },
    documents,
  };
}

/**
 * Published metadata was verified under the Factory's newest root. Should that be newer than the request's, the
 * online signature may be of a key that the dossier's root does not know, and the line would spoil the dossier.
 */
function holdsUnder(root: string | undefined, published: string): boolean {
  if (root === undefined) return false;
  try {
    verifyTargets(parseRoot(Buffer.from(root, 'utf8')), parseTargets(Buffer.from(published, 'utf8')));
    return true;
  } catch (error) {
    if (isCountersignError(error)) return false;
    throw error;
  }
}
