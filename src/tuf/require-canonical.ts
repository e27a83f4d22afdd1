import { canonicalize } from './canonical.js';
import { refusalAt } from './canonical-refusal.js';
import type { JsonLimits } from './json.js';

/**
 * Requires that a document is in canonical form as it stands, where its own bytes are what others sign.
 *
 * @throws NOT_CANONICAL with the JSON pointer of the first place that differs; the codes of `canonicalize`
 */
export function requireCanonical(input: Uint8Array, limits?: JsonLimits): void {
  const canonical = canonicalize(input, limits);
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  if (canonical.equals(bytes)) return;
  const differs = bytes.findIndex((byte, offset) => byte !== canonical[offset]);
  throw refusalAt(bytes, differs, 'NOT_CANONICAL', 'is not in canonical form as it stands');
}
