import { CountersignError } from '../errors.js';
import { verifySignature, verifyTargets, parseTargets, type Key, type RootMetadata } from '../tuf/index.js';
import type { DossierSignature, VerifiedWaveDossier } from './verified-dossier.js';
import type { StatementDocument } from './statement.js';

/** A document of a dossier, and the keys that its signatures are verified with. */
export interface SignedDocument {
  readonly entry: StatementDocument;
  readonly bytes: Buffer;
  /** By keyid. */
  readonly keys: Readonly<Record<string, Key>>;
}

/**
 * Verifies the signatures that the signer made: each by a key that the statement names, once for a document, over the
 * document's very bytes.
 *
 * @throws DOSSIER_INVALID of a document that there is not, or by a key that the statement does not name
 * @throws SIGNATURE_DUPLICATE_KEYID, SIGNATURE_INVALID, KEY_INVALID
 */
export function checkSignatures(
  signatures: readonly DossierSignature[],
  documentAt: (index: number) => SignedDocument | undefined,
): void {
  const seen = new Set<string>();
  for (const { document: index, keyid, method, sig } of signatures) {
    const details = { document: index, keyid };
    const document = documentAt(index);
    if (document === undefined)
      throw new CountersignError('DOSSIER_INVALID', 'a signature is of no document', { details });
    if (!document.entry.sign.includes(keyid)) {
      throw new CountersignError('DOSSIER_INVALID', 'a signature is by a key that the statement does not name', {
        details,
      });
    }
    const name = `${index} ${keyid}`;
    if (seen.has(name)) {
      throw new CountersignError('SIGNATURE_DUPLICATE_KEYID', `two signatures are by ${keyid}`, { details });
    }
    seen.add(name);
    const key = Object.hasOwn(document.keys, keyid) ? document.keys[keyid] : undefined;
    if (key === undefined) {
      throw new CountersignError('SIGNATURE_INVALID', `the root has no key ${keyid}`, { details });
    }
    verifySignature(key, { keyid, method, sig }, document.bytes);
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
): NonNullable<VerifiedWaveDossier['published']> {
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
