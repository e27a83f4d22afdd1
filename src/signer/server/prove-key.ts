import { keyProofPayload, verifyKeyProof } from '../../dossier/index.js';
import { publicKeyDer } from '../../tuf/index.js';
import { provableKey } from '../decide/index.js';
import type { SignerState } from '../journal/index.js';
import type { ProvedKey, ProveRequest } from '../protocol.js';
import type { Tokens } from './tokens.js';

/**
 * What a root statement says of a new key, with the signature by which the key proves that it is held for its role in its Factory.
 *
 * @throws the codes of `provableKey`, KEY_PROOF_INVALID, and those of the token
 */
export async function proveKey(request: ProveRequest, state: SignerState, tokens: Tokens): Promise<ProvedKey> {
  const found = provableKey(request, state, tokens.keys, tokens.canaries);
  const { keyid, key, keytype, role, token, attributes } = found;
  const subject = { factory: request.factory, keyid, role, service: state.service };
  const { method, sig } = await tokens.prove(keyid, keyProofPayload(subject));
  verifyKeyProof(subject, key, { method, sig });
  const spkiBase64 = publicKeyDer(key).toString('base64');
  return { key: { keyid, keytype, spkiBase64, role, token, attributes }, proof: { method, sig } };
}
