export { destroyKey, type KeyToDestroy } from './destroy-key.js';
export { generateCanary } from './generate-canary.js';
export { generateKey, type KeyToGenerate } from './generate-key.js';
export { initToken, type TokenToInit } from './init-token.js';
export { listKeys, readToken } from './list-keys.js';
export { readKeyUses } from './read-key-uses.js';
export { readNewestRoots } from './read-newest-roots.js';
export { readPins } from './read-pins.js';
