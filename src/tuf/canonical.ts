import { CountersignError } from '../errors.js';
import { applyEdits } from './canonical-output.js';
import { scan } from './canonical-scan.js';
import { effectiveLimits, type JsonLimits, type JsonValue } from './json.js';

/**
 * The canonical bytes of a JSON document: the bytes that fioctl, devices, ota-tuf and RFC 8785 agree on.
 * What lies outside their common subset is refused, never altered.
 *
 * In the subset: objects, arrays, `true`, `false`, `null`; integers within ±(2^53−1); strings and member
 * names of printable ASCII without `<`, `>`, `&`, plus `\n`, `\r`, `\t`, written with any escapes. Not in it:
 * fractions, exponents, `-0`, duplicate member names, the name `__proto__`.
 *
 * @param input UTF-8 bytes of the document
 * @returns the canonical bytes. When `input` is canonical already, it is `input`'s own memory, uncopied: neither
 *   may be changed afterwards
 * @throws JSON_INVALID, JSON_DUPLICATE_KEY, JSON_TOO_DEEP, JSON_TOO_LARGE, CANONICAL_UNSAFE with the JSON
 *   pointer of the offending value
 */
export function canonicalize(input: Uint8Array, limits?: JsonLimits): Buffer {
  const { maxBytes, maxDepth } = effectiveLimits(limits);
  if (input.length > maxBytes) {
    throw new CountersignError('JSON_TOO_LARGE', `the document has ${input.length} bytes; ${maxBytes} are allowed`, {
      pointer: '',
    });
  }
  const bytes = Buffer.isBuffer(input) ? input : Buffer.from(input.buffer, input.byteOffset, input.length);
  const edits = scan(bytes, maxDepth);
  return edits.count === 0 ? bytes : applyEdits(bytes, edits);
}

/**
 * The canonical bytes of a document and its value. The value holds all that the bytes say: inside the safe
 * subset `JSON.parse` neither rounds nor drops anything.
 *
 * @param input UTF-8 bytes of the document
 * @throws as `canonicalize`
 */
export function parseCanonical(input: Uint8Array, limits?: JsonLimits): { bytes: Buffer; value: JsonValue } {
  const bytes = canonicalize(input, limits);
  // canonical bytes are ASCII, and latin1 is the cheapest way to a string
  const value = JSON.parse(bytes.toString('latin1')) as JsonValue;
  return { bytes, value };
}
