import type { RootStatement } from '../../dossier/index.js';
import { serializeMetadata, type Signature } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { RootsToPut } from '../root-update-port.js';
import type { StoredRequest } from '../store-port.js';

/** What the Factory is sent: both roots with all signatures, those from outside too, and the further ones of targets. */
export async function rootsToPut(
  context: Context,
  request: StoredRequest,
  { documents }: RootStatement,
  txid: string,
): Promise<RootsToPut> {
  const { ci, production } = await signedRoots(context, request);
  const byTag: Record<string, Signature[]> = {};
  const byWave: Record<string, Signature[]> = {};
  for (const { document, keyid, method, sig } of await context.store.requests.signatures(request.id)) {
    const entry = documents[document];
    if (entry?.role !== 'targets') continue;
    const [signatures, name] = entry.wave === null ? [byTag, entry.tag] : [byWave, entry.wave];
    (signatures[name] ??= []).push({ keyid, method, sig });
  }
  return { txid, ci, production, targetsSignatures: byTag, wavesSignatures: byWave };
}

/** The new roots with their signatures: those of tokens, then those from outside. */
export async function signedRoots(
  context: Context,
  { id, material }: StoredRequest,
): Promise<{ ci: Buffer; production: Buffer }> {
  const [made, externals] = await Promise.all([
    context.store.requests.signatures(id),
    context.store.rootUpdates.externals(id),
  ]);
  const rootAt = async (index: 0 | 1): Promise<Buffer> =>
    serializeMetadata({
      signatures: [...made, ...externals]
        .filter(({ document }) => document === index)
        .map(({ keyid, method, sig }) => ({ keyid, method, sig })),
      signedBytes: await context.store.blobs.get(material.documents[index] ?? ''),
    });
  return { ci: await rootAt(0), production: await rootAt(1) };
}
