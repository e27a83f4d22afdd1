import { createServer, type Server } from 'node:http';
import { CountersignError } from '../errors.js';
import { answerBrokenRequests } from './broken-requests.js';
import { createGracefulStop } from './graceful-stop.js';
import type { ServedApp } from './served-app.js';

export interface HttpServer {
  /** With the port that was really taken. */
  readonly url: string;
  /**
   * Stops: no new connections, waiting requests are answered at once, requests under way end by themselves.
   * What is not done after `graceMs` (10 s if left out) is cut off.
   */
  close(graceMs?: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** For the whole of a request to arrive; its answer may take longer. */
const REQUEST_TIMEOUT_MS = 300_000;
/**
 * How long a connection may wait for its next request: longer than proxies keep one (a minute), and than the command line pauses between
 * two calls. Whoever closes it first should be the one who would send: a write that meets a connection just closed cannot be repeated.
 */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/**
 * @param listen `port` 0 takes a free one
 * @throws CONFIG_INVALID when the address cannot be listened on
 */
export async function startHttpServer(
  app: ServedApp,
  listen: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const timeouts = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  };
  const server = createServer(timeouts, app.listener);
  answerBrokenRequests(server, app.describeBroken);
  const close = createGracefulStop(server, app);
  await listening(server, listen);
  return { url: urlOf(server, listen.host), close };
}

async function listening(server: Server, listen: { readonly host: string; readonly port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CountersignError('CONFIG_INVALID', `cannot listen on ${listen.host} port ${listen.port}`, {
          hint: 'Choose another address under `listen`; another program may hold this one.',
          cause,
        }),
      ),
    );
    server.listen(listen, resolve);
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
