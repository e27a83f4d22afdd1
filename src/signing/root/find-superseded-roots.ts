import { CountersignError } from '../../errors.js';
import type { RootStatement } from '../../dossier/index.js';
import { policyOf, type Context } from '../context.js';
import { countApprovals } from '../count-approvals.js';
import type { SignerKey, SignerStatus } from '../ports.js';
import type { StoredRequest } from '../store-port.js';
import { rootStatementOf } from './stored-root.js';

/**
 * What new roots have to name as superseded: every root of this or a higher version that was, or may have been, signed and
 * never published. Officers are shown them. Of another signer nobody here knows what it signed: it may have had whatever was
 * approved and named a key of its own.
 *
 * @throws WATERMARK_ISSUED the signer signed one that this service does not know
 */
export async function findSupersededRoots(
  context: Context,
  { signerStatus, signerKeys }: { readonly signerStatus: SignerStatus; readonly signerKeys: readonly SignerKey[] },
  factory: string,
  version: number,
): Promise<RootStatement['supersedes']> {
  const issued = signerStatus.watermarks
    .filter((mark) => mark.factory === factory && mark.role === 'root')
    .flatMap((mark) => (mark.issued !== null && mark.issued.version >= version ? [mark.issued.sha256] : []));
  const before = await signedBefore(context, factory, version);
  const own = signerKeys.map(({ keyid }) => keyid);
  const namesOthers = (request: StoredRequest): boolean =>
    rootStatementOf(request).documents[0].sign.some((keyid) => !own.includes(keyid));
  const elsewhere = before.find(namesOthers);
  if (issued.length === 0 && elsewhere === undefined) return null;
  const documents = new Set(before.flatMap(({ material }) => material.documents));
  const unknown = issued.find((sha256) => !documents.has(sha256));
  const last = before.find(({ material }) => material.documents.some((sha256) => issued.includes(sha256))) ?? elsewhere;
  if (unknown === undefined && last !== undefined) {
    return { statement: last.statementSha256, documents: [...documents].sort() };
  }
  throw new CountersignError(
    'WATERMARK_ISSUED',
    `the signer has signed a root ${version} that this service knows nothing of`,
    { hint: 'Was the database put back from an older copy?', details: { version, sha256: unknown ?? '' } },
  );
}

/** Newest first. */
async function signedBefore(context: Context, factory: string, version: number): Promise<StoredRequest[]> {
  const signed: StoredRequest[] = [];
  for (const request of await context.store.rootUpdates.list(factory)) {
    if (rootStatementOf(request).base.root.version + 1 < version) break;
    const approvals = await context.store.requests.approvals(request.id);
    const maySigned = countApprovals(request, approvals, policyOf(context, request)).missing === 0;
    if (request.state === 'signed' || request.state === 'abandoned' || maySigned) signed.push(request);
  }
  return signed;
}
