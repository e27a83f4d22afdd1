import { CountersignError, isCountersignError } from '../../errors.js';
import type { RootStatement } from '../../dossier/index.js';
import { planRootUpdate, type RootBase } from '../../factory/index.js';
import { verifySignature } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { SignerSignature } from '../ports.js';
import type { StoredRequest } from '../store-port.js';
import { parseServedTargets } from './fetch-root-base.js';
import { paced } from './paced.js';
import { loadServedTargets } from './stored-root.js';

/**
 * That the signer answered with every signature it was asked for. It verified what it made; the way from there to here is not
 * trusted either.
 *
 * @throws SIGNATURE_WRONG
 */
export async function requireRootSignatures(
  context: Context,
  request: StoredRequest,
  { changes, documents, base: stated }: RootStatement,
  base: RootBase,
  signatures: readonly SignerSignature[],
): Promise<void> {
  const { production } = planRootUpdate(changes, base);
  const made = new Map(signatures.map((one) => [`${one.document} ${one.keyid}`, one]));
  const require = (index: number, bytes: Buffer): void => {
    for (const keyid of documents[index]?.sign ?? []) {
      const [signature, key] = [made.get(`${index} ${keyid}`), production.keys[keyid] ?? base.production.keys[keyid]];
      if (signature === undefined || key === undefined) throw wrong(index, keyid);
      try {
        verifySignature(key, signature, bytes);
      } catch (error) {
        throw isCountersignError(error) ? wrong(index, keyid) : error;
      }
    }
  };
  for (const index of [0, 1]) {
    require(index, await context.store.blobs.get(request.material.documents[index] ?? ''));
  }
  const indexOf = new Map(
    documents.map((entry, index) => [entry.role === 'targets' ? nameOf(entry.tag, entry.wave) : '', index]),
  );
  for await (const served of paced(loadServedTargets(context, request, { base: stated }))) {
    const index = indexOf.get(nameOf(served.tag, served.wave));
    if (index === undefined) continue;
    for (const { metadata } of parseServedTargets([served])) require(index, metadata.signedBytes);
  }
}

function nameOf(tag: string, wave: string | null): string {
  return wave === null ? `tag ${tag}` : `wave ${wave}`;
}

function wrong(document: number, keyid: string): CountersignError {
  return new CountersignError('SIGNATURE_WRONG', 'the signer answered without every valid signature it was asked for', {
    details: { document, keyid },
  });
}
