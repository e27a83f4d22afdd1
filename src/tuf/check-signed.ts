import { checkArray, checkInteger, checkObject, checkText, memberOf, metadataInvalid } from './checks.js';
import { SIGNATURE_METHODS } from './algorithm.js';
import { pointerTo } from './json.js';
import type { Signature, Signed } from './metadata.js';
import { parseTime } from './time.js';

/** Checks what `signed` has in every role. */
export function checkSigned(value: unknown, pointer: string, type: string): asserts value is Signed {
  checkObject(value, pointer);
  if (memberOf(value, '_type') !== type) throw metadataInvalid(pointerTo(pointer, '_type'), `must be "${type}"`);
  checkInteger(memberOf(value, 'version'), pointerTo(pointer, 'version'), 1, Number.MAX_SAFE_INTEGER);
  const expires = memberOf(value, 'expires');
  checkText(expires, pointerTo(pointer, 'expires'));
  if (parseTime(expires) === undefined) {
    throw metadataInvalid(pointerTo(pointer, 'expires'), 'must be a time like 2030-01-31T00:00:00Z');
  }
}

/** Checks the form of signatures, not whether they hold. A document that waits for its first signature has none. */
export function checkSignatures(value: unknown, pointer: string): asserts value is readonly Signature[] {
  checkArray(value, pointer);
  value.forEach((signature, index) => {
    const at = pointerTo(pointer, index);
    checkObject(signature, at);
    checkText(memberOf(signature, 'keyid'), pointerTo(at, 'keyid'));
    checkText(memberOf(signature, 'sig'), pointerTo(at, 'sig'));
    const method = memberOf(signature, 'method');
    checkText(method, pointerTo(at, 'method'));
    // one unknown method and devices reject the document, however good its other signatures are
    if (!SIGNATURE_METHODS.has(method)) {
      throw metadataInvalid(pointerTo(at, 'method'), `must be one of ${[...SIGNATURE_METHODS].join(', ')}`);
    }
  });
}
