export { type Namespace, NAMESPACES } from './namespaces.js';
export { type SshKeyAlgorithm } from './key-algorithms.js';
export { formatSshPublicKey, parseSshPublicKey, type SshPublicKey } from './ssh-public-key.js';
export { parseSshSignature, type SecurityKeyAssertion, type SshSignature } from './ssh-signature.js';
export { verifySshSignature, type SshSignatureCheck } from './verify-ssh-signature.js';
export { encodeRejection, parseRejection, type Rejection } from './rejection.js';
export { encodeLoginChallenge, type LoginChallenge, parseLoginChallenge } from './login-challenge.js';
export { parseWithSchema, sha256Schema, timeSchema } from './document-schema.js';
