export {
  createApiClient,
  type ApiClient,
  type RequestListFilter,
  type RootUpdateBody,
  type RootUpdateDocumentsBody,
  type WaveDocumentBody,
  type WaveRequestBody,
} from './create-api-client.js';
export type { ApiClientOptions } from './call-service.js';
