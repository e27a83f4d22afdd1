import { writeBundleDossier, type JournalLine } from '../../dossier/index.js';
import type { Context } from '../context.js';
import { loadText, policyTexts } from '../dossier-texts.js';
import type { StoredRequest } from '../store-port.js';
import { bundleStatementOf } from './bundle-diff.js';

/** The dossier of an offline bundle, from the store. */
export async function assembleBundleDossier(
  context: Context,
  request: StoredRequest,
  journals: readonly (readonly JournalLine[])[],
): Promise<Iterable<string>> {
  const { requests } = context.store;
  const { material } = request;
  const load = (digests: readonly string[]) => Promise.all(digests.map((sha256) => loadText(context, sha256)));
  const [ci, production, ciTargets, targets, bundle, approvals, rejections, signatures] = await Promise.all([
    load(material.rootsCi),
    load(material.rootsProduction),
    loadText(context, material.ciTargets),
    loadText(context, material.productionTargets[0] ?? ''),
    loadText(context, material.bundle ?? ''),
    requests.approvals(request.id),
    requests.rejections(request.id),
    requests.signatures(request.id),
  ]);
  return writeBundleDossier({
    policies: policyTexts(context, material.policyVersion),
    roots: { ci, production },
    statement: request.statement,
    ciTargets,
    targets: { tag: bundleStatementOf(request).changes[0].tag, text: targets },
    bundle,
    approvals: approvals.map(({ sshsig }) => sshsig),
    rejections: rejections.map(({ rejection, sshsig }) => ({ text: rejection, sshsig })),
    signatures,
    journals,
  });
}
