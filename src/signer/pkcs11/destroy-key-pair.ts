import type { PrivateKey } from 'graphene-pk11';
import { call } from './call.js';
import { findPublicObjects } from './list-key-pairs.js';
import type { TokenSession } from './session.js';

/**
 * Destroys a key pair: the private key first, because what is left after a crash is found by its public part.
 *
 * @param privateKey null if it is gone already
 * @returns false if there was nothing to destroy
 */
export function destroyKeyPair(session: TokenSession, keyid: string, privateKey: PrivateKey | null): boolean {
  const objects = [...(privateKey === null ? [] : [privateKey]), ...findPublicObjects(session, keyid)];
  for (const object of objects) call('C_DestroyObject', () => object.destroy());
  return objects.length > 0;
}
