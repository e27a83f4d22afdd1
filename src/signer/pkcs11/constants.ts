/**
 * Numbers of PKCS#11 3.0 that neither graphene-pk11 nor pkcs11js knows, and token flags (CK_TOKEN_INFO, section 3.2).
 */
export const CKM_EDDSA = 0x1057;
export const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
export const CKK_EC_EDWARDS = 0x40;

/** The curve as a PrintableString "edwards25519": SoftHSM and YubiHSM both take it; the OID only SoftHSM does. */
export const EDWARDS25519_PARAMS = Buffer.from('130c656477617264733235353139', 'hex');

/** Session states in which the user is logged in (CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS). */
export const USER_SESSION_STATES: readonly number[] = [1, 3];

/** CKF_OS_LOCKING_OK; without it concurrent use of a module fails or crashes. */
export const OS_LOCKING_OK = 2;
