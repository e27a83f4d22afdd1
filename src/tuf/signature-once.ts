import { createHash } from 'node:crypto';
import type { Key, Signature } from './metadata.js';
import { verifySignature } from './signature.js';

/** Digests of signatures that held. With two or three signatures each, those of some ten thousand documents. */
const held = new Set<string>();
const MOST_HELD = 65_536;

/**
 * As `verifySignature`, but one that held is not verified again: of the same key over the same bytes it holds for ever. For documents
 * of root updates, which service and signer look at many times, thousands at once. What did not hold is not remembered.
 *
 * @throws as `verifySignature`
 */
export function verifySignatureOnce(key: Key, signature: Signature, payload: Uint8Array): void {
  const digest = digestOf(key, signature, payload);
  if (held.has(digest)) return;
  verifySignature(key, signature, payload);
  if (held.size >= MOST_HELD) forgetOldest();
  held.add(digest);
}

/** Of all that `verifySignature` looks at; JSON has no line feed, so no two of them run together to the same bytes. */
function digestOf(key: Key, { method, sig }: Signature, payload: Uint8Array): string {
  const head = JSON.stringify([key.keytype, key.keyval.public, method, sig]);
  return createHash('sha256').update(`${head}\n`).update(payload).digest('base64');
}

/** A set goes by the order in which its members came. */
function forgetOldest(): void {
  for (const oldest of held) {
    held.delete(oldest);
    return;
  }
}
