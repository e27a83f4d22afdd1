export { generateKey, type KeyToGenerate } from './generate-key.js';
export { initToken, type TokenToInit } from './init-token.js';
export { listKeys } from './list-keys.js';
