import { CountersignError } from '../../errors.js';

/** What `keyProofPayload` of the dossier begins with. */
const PREFIX = 'countersign key proof\n';
const MAX_PROOF_BYTES = 4096;

/**
 * Nothing but a key's proof of itself is signed on demand: it is no JSON, so never metadata.
 *
 * @throws INPUT_INVALID
 */
export function requireKeyProofText(text: Buffer): void {
  const isProof = text.length <= MAX_PROOF_BYTES && text.subarray(0, PREFIX.length).equals(Buffer.from(PREFIX));
  if (isProof) return;
  throw new CountersignError('INPUT_INVALID', 'this is no text by which a key proves itself');
}
