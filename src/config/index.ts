export { loadClientConfig, type ClientConfig } from './client.js';
export { loadServiceConfig, type ServiceConfig } from './service.js';
export { loadSignerConfig, type SignerConfig, type SignerTokenConfig } from './signer.js';
