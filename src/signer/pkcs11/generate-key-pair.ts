import { type IKeyPair, MechanismEnum } from 'graphene-pk11';
import { CountersignError } from '../../errors.js';
import { keyidOf } from '../../tuf/index.js';
import type { KeyType } from '../token-types.js';
import { call } from './call.js';
import { CKM_EC_EDWARDS_KEY_PAIR_GEN, EDWARDS25519_PARAMS } from './constants.js';
import { type KeyPair, publicKeyOf } from './list-key-pairs.js';
import { readKeyAttributes } from './read-attributes.js';
import type { TokenSession } from './session.js';

export interface KeyPairTemplate {
  readonly type: KeyType;
  /** Exactly 2 bytes: all that a YubiHSM takes. */
  readonly ckaId: Buffer;
  /** At most 40 bytes: all that a YubiHSM takes. */
  readonly ckaLabel: string;
}

/** A key pair that was just made, with the way to take it back. */
export interface NewKeyPair {
  readonly pair: KeyPair;
  /** Destroys these two objects, by handle, and nothing else. */
  destroy(): void;
}

/**
 * Generates a key pair that cannot leave the token, and reads it back. The templates hold what SoftHSM and YubiHSM
 * both take; a YubiHSM refuses attributes that it does not know.
 *
 * @throws TOKEN_MECHANISM_MISSING if the token cannot make keys of this kind or length
 */
export function generateKeyPair(session: TokenSession, template: KeyPairTemplate): NewKeyPair {
  const { mechanism, publicPart, bits } = MECHANISMS[template.type];
  requireMechanism(session, mechanism, bits, template.type);
  const named = { token: true, id: template.ckaId, label: template.ckaLabel };
  const keys = call('C_GenerateKeyPair', () =>
    session.native.generateKeyPair(
      { name: mechanism, params: null },
      { ...named, verify: true, ...publicPart },
      { ...named, private: true, sensitive: true, extractable: false, sign: true },
    ),
  );
  const destroy = (): void => destroyBoth(keys);
  try {
    const key = publicKeyOf(keys.publicKey);
    if (key === null) throw new CountersignError('TOKEN_FAILED', 'the new public key cannot be read from the token');
    const { ckaId, ckaLabel } = template;
    const attributes = readKeyAttributes(keys.privateKey);
    return { pair: { keyid: keyidOf(key), key, ckaId, ckaLabel, attributes, privateKey: keys.privateKey }, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

const rsa = (bits: number) => ({
  mechanism: MechanismEnum.RSA_PKCS_KEY_PAIR_GEN,
  publicPart: { modulusBits: bits, publicExponent: Buffer.from([1, 0, 1]) },
  bits,
});

const MECHANISMS: Readonly<
  Record<KeyType, { mechanism: number; publicPart: Record<string, Buffer | number>; bits: number | null }>
> = {
  rsa3072: rsa(3072),
  rsa4096: rsa(4096),
  ed25519: { mechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN, publicPart: { paramsEC: EDWARDS25519_PARAMS }, bits: null },
};

/** Asked before, because some tokens take minutes to fail (TPM 2.0 stops at RSA-3072). */
function requireMechanism(session: TokenSession, mechanism: number, bits: number | null, type: KeyType): void {
  const { slot, info } = session.token;
  const list = call('C_GetMechanismList', () => slot.lib.C_GetMechanismList(slot.handle));
  if (list.includes(mechanism)) {
    const { maxKeySize } = call('C_GetMechanismInfo', () => slot.lib.C_GetMechanismInfo(slot.handle, mechanism));
    if (bits === null || maxKeySize === 0 || maxKeySize >= bits) return;
  }
  throw new CountersignError('TOKEN_MECHANISM_MISSING', `the token ${info.label} cannot generate ${type} keys`, {
    details: { token: info.label, model: info.model },
  });
}

function destroyBoth(keys: IKeyPair): void {
  for (const object of [keys.privateKey, keys.publicKey]) {
    call('C_DestroyObject', () => object.destroy());
  }
}
