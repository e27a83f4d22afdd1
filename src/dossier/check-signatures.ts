import { CountersignError } from '../errors.js';
import { verifySignature, verifyTargets, parseTargets, type Root, type RootMetadata } from '../tuf/index.js';
import type { DossierSignature, VerifiedDossier } from './verified-dossier.js';
import type { Statement } from './statement.js';

/**
 * Verifies the signatures that the signer made: each by a key that the statement names, once, over the document's
 * very bytes, with the key of the production root.
 *
 * @throws DOSSIER_INVALID of a document that there is not, or by a key that the statement does not name
 * @throws SIGNATURE_DUPLICATE_KEYID, SIGNATURE_INVALID, KEY_INVALID
 */
export function checkSignatures(
  signatures: readonly DossierSignature[],
  statement: Statement,
  document: Buffer,
  productionRoot: Root,
): void {
  const seen = new Set<string>();
  for (const { document: index, keyid, method, sig } of signatures) {
    const details = { document: index, keyid };
    const entry = statement.documents.at(index);
    if (entry === undefined)
      throw new CountersignError('DOSSIER_INVALID', 'a signature is of no document', { details });
    if (!entry.sign.includes(keyid)) {
      throw new CountersignError('DOSSIER_INVALID', 'a signature is by a key that the statement does not name', {
        details,
      });
    }
    if (seen.has(keyid)) {
      throw new CountersignError('SIGNATURE_DUPLICATE_KEYID', `two signatures are by ${keyid}`, { details });
    }
    seen.add(keyid);
    const key = Object.hasOwn(productionRoot.keys, keyid) ? productionRoot.keys[keyid] : undefined;
    if (key === undefined) {
      throw new CountersignError('SIGNATURE_INVALID', `the production root has no key ${keyid}`, { details });
    }
    verifySignature(key, { keyid, method, sig }, document);
  }
}

/**
 * Verifies what the Factory published: the very document, with the signatures that a device wants.
 *
 * @throws STATEMENT_DOCUMENT_MISMATCH the Factory published something else
 * @throws THRESHOLD_NOT_MET and what else parseTargets and verifyTargets throw
 */
export function checkPublished(
  text: string,
  document: Buffer,
  productionRoot: RootMetadata,
): NonNullable<VerifiedDossier['published']> {
  const targets = parseTargets(Buffer.from(text, 'utf8'));
  if (!targets.signedBytes.equals(document)) {
    throw new CountersignError(
      'STATEMENT_DOCUMENT_MISMATCH',
      'what the Factory published is not the approved document',
      {
        pointer: '/signed',
        details: { published: targets.sha256 },
      },
    );
  }
  return { targets, threshold: verifyTargets(productionRoot, targets) };
}
