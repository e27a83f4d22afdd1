import { MechanismEnum, type PrivateKey, RsaMgf, RsaPssParams } from 'graphene-pk11';
import type { Key } from '../../tuf/index.js';
import { call } from './call.js';
import { CKM_EDDSA } from './constants.js';
import type { TokenSession } from './session.js';

/** Salt length as TUF's rsassa-pss-sha256 has it at Foundries: the digest's. */
const PSS_SALT_BYTES = 32;

interface TokenMechanism {
  readonly name: number;
  readonly params: RsaPssParams | null;
}

/** Every parameter is spelled out: graphene's own defaults for PSS are SHA-1 and a salt of 20. */
const SIGN_MECHANISMS: Readonly<Record<Key['keytype'], TokenMechanism>> = {
  RSA: {
    name: MechanismEnum.SHA256_RSA_PKCS_PSS,
    params: new RsaPssParams(MechanismEnum.SHA256, RsaMgf.MGF1_SHA256, PSS_SALT_BYTES),
  },
  ED25519: { name: CKM_EDDSA, params: null },
};

/**
 * C_SignInit and C_Sign over the whole message; the token (or its module) does the hashing. Synchronous on purpose:
 * the asynchronous calls of pkcs11js can free the message while the module still reads it.
 *
 * @returns the bare signature, as yet unverified
 */
export function signWith(
  session: TokenSession,
  privateKey: PrivateKey,
  keytype: Key['keytype'],
  message: Buffer,
): Buffer {
  const operation = call('C_SignInit', () => session.native.createSign(SIGN_MECHANISMS[keytype], privateKey));
  return call('C_Sign', () => operation.once(message));
}
