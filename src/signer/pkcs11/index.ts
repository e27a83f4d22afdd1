export { destroyKeyPair } from './destroy-key-pair.js';
export { findToken } from './find-token.js';
export { generateKeyPair, type NewKeyPair } from './generate-key-pair.js';
export { initToken } from './init-token.js';
export { listKeyPairs, type KeyPair, type KeyPairs } from './list-key-pairs.js';
export { Pkcs11Module, type TokenInfo } from './module.js';
export { TokenSession } from './session.js';
export { signWith } from './sign-with.js';
