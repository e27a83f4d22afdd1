import { requestKeyProofPayload, type RequestKeyRegistration } from '../../src/signing/index.js';
import { tufKey, type TufKey } from './tuf-key.js';

/** What `countersign request-key create` makes, with one ED25519 key a role. */
export interface RequestKeySet {
  readonly root: TufKey;
  readonly targets: TufKey;
  readonly registration: RequestKeyRegistration;
}

export function requestKeySet(name: string, factory = 'acme'): RequestKeySet {
  const [root, targets] = [tufKey(), tufKey()];
  const keys = ([root, targets] as const).map((pair, index) => {
    const role = index === 0 ? 'root' : 'targets';
    const { method, sig } = pair.sign(requestKeyProofPayload({ factory, name, role, keyid: pair.keyid }));
    return { role, key: pair.key, proof: { method, sig } } as const;
  });
  return { root, targets, registration: { factory, name, keys } };
}
