import { createServer } from 'node:http';
import { CountersignError } from '../../errors.js';
import { describeError, type Logger, METRICS_MEDIA_TYPE } from '../../telemetry/index.js';

export interface MetricsServer {
  /** With the port that was really taken. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Answers `GET /metrics` and nothing else, on a listener of its own: who may see how the service is need not be able to reach its API, and
 * the other way round.
 *
 * @throws CONFIG_INVALID when the address cannot be listened on
 */
export async function startMetricsServer(
  text: () => Promise<string>,
  listen: { readonly host: string; readonly port: number },
  logger: Logger,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const status = request.url !== '/metrics' ? 404 : request.method !== 'GET' ? 405 : null;
    if (status !== null) {
      response.writeHead(status).end();
      return;
    }
    text().then(
      (body) => response.writeHead(200, { 'content-type': METRICS_MEDIA_TYPE }).end(body),
      (error: unknown) => {
        logger.error('the metrics could not be told', { error: describeError(error) });
        response.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CountersignError('CONFIG_INVALID', `cannot listen on ${listen.host} port ${listen.port}`, {
          pointer: '/metrics/listen',
          hint: 'Choose another address; another program may hold this one.',
          cause,
        }),
      ),
    );
    server.listen(listen, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
