import { once } from 'node:events';
import { createServer, IncomingMessage, type RequestListener } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { askAs } from '../../src/gateway/ask-factory.js';
import { NO_OBSERVER } from '../../src/gateway/observer.js';
import { createUpstream } from '../../src/gateway/upstream.js';

/** What becomes of a question to a Factory that answers so. */
async function asked(listener: RequestListener, silenceMs: number): Promise<unknown> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const factory = { name: 'acme', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const upstream = createUpstream(NO_OBSERVER);
  const caller = new IncomingMessage(new Socket());
  try {
    const ask = askAs(caller, new AbortController().signal, factory, { upstream, silenceMs });
    return await ask('/').catch((error: unknown) => error);
  } finally {
    upstream.close();
    server.close().closeAllConnections();
  }
}

test('an answer that stops in the middle and stays silent is told as silence', async () => {
  const stops: RequestListener = (_req, res) => res.writeHead(200, { 'Content-Length': 100 }).write('begun');
  expect(await asked(stops, 50)).toMatchObject({ code: 'FACTORY_UNAVAILABLE', details: { timedOut: true } });
});

test('one that breaks off is told as cut off', async () => {
  const breaks: RequestListener = (_req, res) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('begun', () => res.destroy());
  };
  expect(await asked(breaks, 60_000)).toMatchObject({
    code: 'FACTORY_UNAVAILABLE',
    message: expect.stringMatching(/cut off/),
  });
});
