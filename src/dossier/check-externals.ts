import { CountersignError } from '../errors.js';
import { goingKeys, REPOSITORIES } from '../factory/index.js';
import { verifySignature } from '../tuf/index.js';
import type { ExternalSignature, VerifiedRootDossier } from './verified-dossier.js';

/**
 * Verifies signatures over new roots that no signer made: each by a root key in force that the new roots no longer name and
 * that the statement does not have signed by a token, once, over the very bytes.
 *
 * @throws SIGN_KEY_NOT_IN_ROLE the key stays, or is no root key in force, or a token is to sign with it
 * @throws SIGNATURE_DUPLICATE_KEYID, SIGNATURE_INVALID, KEY_INVALID
 */
export function checkExternals(
  externals: readonly ExternalSignature[],
  { documents, roots, signers }: Pick<VerifiedRootDossier, 'documents' | 'roots' | 'signers'>,
): void {
  const going = goingKeys(signers);
  const seen = new Set<string>();
  for (const { document: index, keyid, method, sig } of externals) {
    const details = { document: index, keyid };
    const document = documents[index];
    const { keys } = roots[REPOSITORIES[index]].signed;
    const key = Object.hasOwn(keys, keyid) ? keys[keyid] : undefined;
    if (document === undefined || key === undefined || !going.includes(keyid) || document.entry.sign.includes(keyid)) {
      throw new CountersignError('SIGN_KEY_NOT_IN_ROLE', `${keyid} is no root key that signs from outside`, {
        hint: 'only a key that the update retires, and that is in no token, does',
        details,
      });
    }
    const name = `${index} ${keyid}`;
    if (seen.has(name)) {
      throw new CountersignError('SIGNATURE_DUPLICATE_KEYID', `two signatures from outside are by ${keyid}`, {
        details,
      });
    }
    seen.add(name);
    verifySignature(key, { keyid, method, sig }, document.bytes);
  }
}
