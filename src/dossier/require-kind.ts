import { CountersignError } from '../errors.js';
import type { Statement } from './statement.js';

/**
 * A statement, or a verified dossier, as one of the kind that the caller works on.
 *
 * @throws KIND_NOT_ALLOWED
 */
export function requireKind<K extends Statement['kind'], T extends { readonly kind: Statement['kind'] }>(
  it: T,
  kind: K,
): Extract<T, { readonly kind: K }> {
  if (isOfKind(it, kind)) return it;
  throw new CountersignError(
    'KIND_NOT_ALLOWED',
    `a request of kind ${it.kind} stands where one of kind ${kind} has to`,
    {
      pointer: '/kind',
      details: { kind: it.kind },
    },
  );
}

function isOfKind<K extends Statement['kind'], T extends { readonly kind: Statement['kind'] }>(
  it: T,
  kind: K,
): it is Extract<T, { readonly kind: K }> {
  return it.kind === kind;
}
