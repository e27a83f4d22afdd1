import type { SessionObject } from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import type { KeyAttributes } from '../token-types.js';
import { call } from './call.js';
import { actionAfter } from './ckr.js';

/** One attribute's bytes, or null where this object has no such attribute (or will not show it). */
export function readAttribute(object: SessionObject, type: number): Buffer | null {
  try {
    return call('C_GetAttributeValue', () => object.getAttribute(type));
  } catch (error) {
    if (actionAfter(error) === 'fatal') return null;
    throw error;
  }
}

/** What the token says about the private key's secrecy. */
export function readKeyAttributes(object: SessionObject): KeyAttributes {
  const flag = (type: number): boolean | null => {
    const value = readAttribute(object, type);
    return value === null || value.length === 0 ? null : value[0] !== 0;
  };
  return {
    sensitive: flag(pkcs11.CKA_SENSITIVE),
    extractable: flag(pkcs11.CKA_EXTRACTABLE),
    alwaysSensitive: flag(pkcs11.CKA_ALWAYS_SENSITIVE),
    neverExtractable: flag(pkcs11.CKA_NEVER_EXTRACTABLE),
    local: flag(pkcs11.CKA_LOCAL),
  };
}
