import type { IncomingHttpHeaders } from 'node:http';
import type { RequestKey } from '../signing/index.js';

/** What the gateway needs of the world; whoever starts it connects these. */

/** One call to the Factory with the caller's own headers (all but hop-by-hop ones and Host), never with the service's token. */
export interface AskFactory {
  /**
   * GET, not repeated.
   *
   * @param path from `/ota` on, with its query, as it goes on the wire
   * @throws FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID (a redirect, too large)
   */
  (
    factory: string,
    path: string,
    headers: IncomingHttpHeaders,
  ): Promise<{ readonly status: number; readonly body: Buffer }>;
}

/** Of `SigningService`. */
export interface RequestKeys {
  /** Those in use of an account in a Factory. */
  activeRequestKeys(factory: string, polisId: string): Promise<readonly RequestKey[]>;
  /** All there ever were. */
  requestKeys(factory?: string): Promise<readonly RequestKey[]>;
}
