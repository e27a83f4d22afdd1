import { CountersignError } from '../errors.js';
import type { Statement } from '../dossier/index.js';
import { policyOf, type Context } from './context.js';
import { countApprovals } from './count-approvals.js';
import type { SignerStatus, Watermark } from './ports.js';
import type { StoredRequest } from './store-port.js';

interface NewDocument {
  readonly factory: string;
  readonly tag: string;
  readonly version: number;
  readonly sha256: string;
}

/**
 * What a new document has to name as superseded: every document with other bytes that was signed for this tag at
 * the same or a higher version and never published, because its request was given up, say. Officers are shown them.
 *
 * The signer says that there are any, and names the last; which others there may be is read from the store: whatever
 * had its quorum may have been signed.
 *
 * @throws WATERMARK_ISSUED if the signer signed one that this service does not know
 * @throws WATERMARK_PUBLISHED if other bytes are published at this or a higher version
 */
export async function findSuperseded(
  context: Context,
  status: SignerStatus,
  document: NewDocument,
): Promise<Statement['supersedes']> {
  const watermark = watermarkOf(status, document);
  requireAbovePublished(watermark, document);
  const issued = watermark?.issued ?? null;
  if (issued === null || issued.version < document.version) return null;

  const before = await signedBefore(context, document);
  const last = before.find((request) => request.material.documents[0] === issued.sha256) ?? before[0];
  if (issued.sha256 !== document.sha256 && last?.material.documents[0] !== issued.sha256) {
    throw new CountersignError(
      'WATERMARK_ISSUED',
      `the signer has signed version ${issued.version} for tag ${document.tag}, which this service knows nothing of`,
      {
        pointer: '/version',
        hint: 'Was the database put back from an older copy? Ask for a version higher than that one.',
        details: { tag: document.tag, issued: issued.version, sha256: issued.sha256 },
      },
    );
  }
  if (last === undefined) return null;
  const documents = new Set(before.flatMap((request) => request.material.documents));
  return { statement: last.statementSha256, documents: [...documents].sort() };
}

function watermarkOf(status: SignerStatus, { factory, tag }: NewDocument): Watermark | undefined {
  return status.watermarks.find(
    (mark) =>
      mark.factory === factory && mark.repository === 'production' && mark.role === 'targets' && mark.tag === tag,
  );
}

function requireAbovePublished(watermark: Watermark | undefined, { tag, version, sha256 }: NewDocument): void {
  const published = watermark?.published ?? null;
  if (published === null || published.version < version) return;
  if (published.version === version && published.sha256 === sha256) return;
  throw new CountersignError(
    'WATERMARK_PUBLISHED',
    `version ${published.version} is published for tag ${tag}: nothing else at or below it is signed any more`,
    { pointer: '/version', hint: 'Choose a higher version.', details: { tag, version, published: published.version } },
  );
}

/** Newest first. */
async function signedBefore(context: Context, document: NewDocument): Promise<StoredRequest[]> {
  const { requests } = context.store;
  const candidates = await requests.listFromVersion(document.factory, document.tag, document.version);
  const signed: StoredRequest[] = [];
  for (const candidate of candidates) {
    if (candidate.material.documents.includes(document.sha256)) continue;
    if (candidate.state === 'signed' || candidate.state === 'abandoned') signed.push(candidate);
    else {
      const { missing } = countApprovals(
        candidate,
        await requests.approvals(candidate.id),
        policyOf(context, candidate),
      );
      if (missing === 0) signed.push(candidate);
    }
  }
  return signed;
}
