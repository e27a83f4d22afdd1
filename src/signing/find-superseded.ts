import { CountersignError } from '../errors.js';
import type { Statement } from '../dossier/index.js';
import type { Context } from './context.js';
import { nameSuperseded } from './name-superseded.js';
import type { SignerStatus, Watermark } from './ports.js';

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
 * @throws WATERMARK_PUBLISHED if other bytes are published at this or a higher version
 * @throws WATERMARK_ISSUED as nameSuperseded
 */
export async function findSuperseded(
  context: Context,
  status: SignerStatus,
  document: NewDocument,
): Promise<Statement['supersedes']> {
  const { factory, tag, version, sha256 } = document;
  const watermark = watermarkOf(status, document);
  requireAbovePublished(watermark, document);
  const unpublished = (watermark?.unpublished ?? []).filter((one) => one.version >= version && one.sha256 !== sha256);
  if (unpublished.length === 0) return null;
  return nameSuperseded({
    unpublished,
    requests: await context.store.requests.listFromVersion(factory, tag, version),
  });
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
