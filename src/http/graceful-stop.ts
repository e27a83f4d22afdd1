import type { Server, ServerResponse } from 'node:http';
import type { ServedApp } from './served-app.js';

const DEFAULT_GRACE_MS = 10_000;

/** Watches the server's answers from now on, so that it can be stopped without cutting one off. */
export function createGracefulStop(
  server: Server,
  app: Pick<ServedApp, 'endWaits'>,
): (graceMs?: number) => Promise<void> {
  const underWay = new Set<ServerResponse>();
  let stopped: Promise<void> | null = null;
  server.prependListener('request', (_req, res: ServerResponse) => {
    underWay.add(res);
    if (stopped !== null) res.setHeader('Connection', 'close');
    res.once('close', () => {
      underWay.delete(res);
      // its connection is idle only after this event
      if (stopped !== null) setImmediate(() => server.closeIdleConnections());
    });
  });
  const stop = async (graceMs: number): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const res of underWay) if (!res.headersSent) res.setHeader('Connection', 'close');
    app.endWaits();
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  };
  return (graceMs = DEFAULT_GRACE_MS) => (stopped ??= stop(graceMs));
}
