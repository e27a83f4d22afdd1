export {
  createApiClient,
  type ApiClient,
  type RequestListFilter,
  type WaveDocumentBody,
  type WaveRequestBody,
} from './create-api-client.js';
export type { ApiClientOptions } from './call-service.js';
