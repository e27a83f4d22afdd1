import { OPERATIONS } from '../../api/index.js';

/** Where a request is found: a path, or a URL where the service knows its own address. */
export function requestLocation(id: string, publicUrl: string | undefined): string {
  const path = OPERATIONS.getRequest.path.replace('{id}', id);
  return publicUrl === undefined ? path : `${publicUrl.replace(/\/+$/, '')}${path}`;
}
