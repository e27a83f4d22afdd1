import { CountersignError, isCountersignError } from '../../errors.js';
import type { RootStatement } from '../../dossier/index.js';
import { planRootUpdate, type RootBase } from '../../factory/index.js';
import { verifySignature } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { SignerSignature } from '../ports.js';
import type { StoredRequest } from '../store-port.js';
import { parseServedTargets } from './fetch-root-base.js';
import type { WantedSignature } from './missing-signatures.js';
import { paced } from './paced.js';
import { loadServedTargets } from './stored-root.js';

/** What the service's own signer is to sign of a root update. */
export interface AskedOfSigner {
  readonly statement: RootStatement;
  readonly base: RootBase;
  readonly wanted: readonly WantedSignature[];
}

/**
 * That the signer answered with every signature it was asked for. It verified what it made; the way from there to here is not
 * trusted either.
 *
 * @returns these
 * @throws SIGNATURE_WRONG
 */
export async function requireRootSignatures(
  context: Context,
  request: StoredRequest,
  { statement: { changes, documents, base: stated }, base, wanted }: AskedOfSigner,
  signatures: readonly SignerSignature[],
): Promise<SignerSignature[]> {
  const { production } = planRootUpdate(changes, base);
  const made = new Map(signatures.map((one) => [`${one.document} ${one.keyid}`, one]));
  const asked = new Set(wanted.map(({ document, keyid }) => `${document} ${keyid}`));
  const found: SignerSignature[] = [];
  const require = (index: number, bytes: Buffer): void => {
    for (const keyid of documents[index]?.sign ?? []) {
      if (!asked.has(`${index} ${keyid}`)) continue;
      const [signature, key] = [made.get(`${index} ${keyid}`), production.keys[keyid] ?? base.production.keys[keyid]];
      if (signature === undefined || key === undefined) throw wrong(index, keyid);
      try {
        verifySignature(key, signature, bytes);
      } catch (error) {
        throw isCountersignError(error) ? wrong(index, keyid) : error;
      }
      found.push(signature);
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
  return found;
}

function nameOf(tag: string, wave: string | null): string {
  return wave === null ? `tag ${tag}` : `wave ${wave}`;
}

function wrong(document: number, keyid: string): CountersignError {
  return new CountersignError('SIGNATURE_WRONG', 'the signer answered without every valid signature it was asked for', {
    details: { document, keyid },
  });
}
