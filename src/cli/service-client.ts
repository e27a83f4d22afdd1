import { createApiClient, type ApiClient } from '../api/index.js';
import type { ClientSettings } from './client-settings.js';

/** The service's API as the person or job of these settings. Without a sign-in the service itself says what to do. */
export function serviceClient(settings: ClientSettings): ApiClient {
  const bearer = settings.bearer();
  return createApiClient({ baseUrl: settings.serviceUrl(), ...(bearer === undefined ? {} : { bearer }) });
}
