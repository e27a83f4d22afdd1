export { createOfflineKey } from './create-key.js';
export { findInRole, type FoundKey } from './find-in-role.js';
export { parsePrivateKey, type OfflineKey } from './private-key.js';
export { readOfflineKeys } from './read-offline-keys.js';
export { signOffline } from './sign.js';
export { writeOfflineKeys, type RoleKey } from './write-offline-keys.js';
