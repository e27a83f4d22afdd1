import type { RootStatement } from '../../dossier/index.js';
import { policyOf, type Context } from '../context.js';
import { countApprovals } from '../count-approvals.js';
import { nameSuperseded, type SupersededStatement } from '../name-superseded.js';
import type { SignerKey, SignerStatus } from '../ports.js';
import type { StoredRequest } from '../store-port.js';
import { rootStatementOf } from './stored-root.js';

interface KnownOfSigners {
  readonly signerStatus: SignerStatus;
  readonly signerKeys: readonly SignerKey[];
  /** What the requester tells of another signer's journal: that signer refused for it, and the service has no request of it. */
  readonly told: readonly SupersededStatement[];
}

/**
 * What new roots have to name as superseded: every root of this or a higher version that was, or may have been, signed and
 * never published. Officers are shown them. Of another signer nobody here knows what it signed: it may have had whatever was
 * approved and named a key of its own.
 *
 * @throws WATERMARK_ISSUED as nameSuperseded
 */
export async function findSupersededRoots(
  context: Context,
  { signerStatus, signerKeys, told }: KnownOfSigners,
  factory: string,
  version: number,
): Promise<RootStatement['supersedes']> {
  const unpublished = signerStatus.watermarks
    .filter((mark) => mark.factory === factory && mark.role === 'root')
    .flatMap((mark) => mark.unpublished.filter((one) => one.version >= version));
  const requests = await listFromVersion(context, factory, version);
  const own = signerKeys.map(({ keyid }) => keyid);
  const elsewhere: SupersededStatement[] = [];
  for (const request of requests) {
    const namesOthers = rootStatementOf(request).documents[0].sign.some((keyid) => !own.includes(keyid));
    if (!namesOthers || !(await mayBeSigned(context, request))) continue;
    elsewhere.push({ statement: request.statementSha256, documents: request.material.documents });
  }
  return nameSuperseded({ unpublished, elsewhere: [...elsewhere, ...told], requests });
}

/** Newest first. */
async function listFromVersion(context: Context, factory: string, version: number): Promise<StoredRequest[]> {
  const requests = await context.store.rootUpdates.list(factory);
  const older = requests.findIndex((request) => rootStatementOf(request).base.root.version + 1 < version);
  return older === -1 ? requests : requests.slice(0, older);
}

async function mayBeSigned(context: Context, request: StoredRequest): Promise<boolean> {
  if (request.state === 'signed' || request.state === 'abandoned') return true;
  const approvals = await context.store.requests.approvals(request.id);
  return countApprovals(request, approvals, policyOf(context, request)).missing === 0;
}
