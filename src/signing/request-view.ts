import { parseStatement, shortCode } from '../dossier/index.js';
import { bundleViewOf } from './bundle/bundle-view.js';
import { policyOf, type Context } from './context.js';
import { countApprovals } from './count-approvals.js';
import { rootPreviewOf, rootViewOf } from './root/root-view.js';
import type { Progress, RequestView } from './service.js';
import type { NewRequest, RequestState, StoredRequest } from './store-port.js';

/** A request as it is shown: what is stored, and what follows from it. */
export async function viewOf(context: Context, request: StoredRequest): Promise<RequestView> {
  const { requests } = context.store;
  const [approvals, rejections, signatures] = await Promise.all([
    requests.approvals(request.id),
    requests.rejections(request.id),
    requests.signatures(request.id),
  ]);
  const quorum = countApprovals(request, approvals, policyOf(context, request));
  const shown = request.kind === 'root' ? signatures.filter(({ document }) => document < 2) : signatures;
  return {
    ...describe(request),
    root: await rootViewOf(context, request, signatures, quorum.missing === 0),
    state: request.state,
    ...(request.closedBecause === null ? {} : { closedBecause: request.closedBecause }),
    progress: progressOf(request.state, quorum.missing),
    quorum,
    approvals: approvals.map(({ person, fingerprint, at }) => ({ person, fingerprint, at })),
    rejections: rejections.map(({ person, reason, at, vetoed }) => ({ person, reason, at, vetoed: vetoed !== null })),
    signatures: shown.map(({ keyid, method, signedAt }) => ({ keyid, method, signedAt })),
    ...(request.lastError === null ? {} : { lastError: request.lastError }),
  };
}

/** A request that was worked out for a dry run, as if it were stored. */
export function previewOf(context: Context, request: NewRequest): RequestView {
  return {
    ...describe(request),
    root: rootPreviewOf(request),
    state: 'preparing',
    progress: 'preparing',
    quorum: countApprovals(request, [], context.policy),
    approvals: [],
    rejections: [],
    signatures: [],
  };
}

function describe(request: NewRequest) {
  return {
    id: request.id,
    factory: request.factory,
    kind: request.kind,
    wave: request.wave,
    bundle: bundleViewOf(request),
    requester: { name: request.requester.name, kind: request.requester.kind, via: request.requester.via },
    reason: request.reason,
    created: request.created,
    expires: request.expires,
    statementSha256: request.statementSha256,
    shortCode: shortCode(request.statementSha256),
    documents: documentsOf(request).map(({ sha256, length, version, expires }) => ({
      sha256,
      length,
      version,
      expires,
    })),
  };
}

/** Of a root update the roots: what is signed again with them may be thousands. */
function documentsOf({ statement, kind }: NewRequest) {
  const { documents } = parseStatement(statement);
  return kind === 'root' ? documents.slice(0, 2) : documents;
}

function progressOf(state: RequestState, missing: number): Progress {
  switch (state) {
    case 'preparing':
      return 'preparing';
    case 'open':
      return missing > 0 ? 'waiting-for-approvals' : 'signing';
    case 'signed':
      return 'delivering';
    case 'delivered':
    case 'closed':
    case 'abandoned':
      return 'done';
  }
}
