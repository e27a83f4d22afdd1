import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import {
  createGateway,
  type Gateway,
  type GatewayDependencies,
  type GatewayObserver,
} from '../../src/gateway/index.js';
import { recordingLogger } from '../support/recording-logger.js';

const Q = '/ota/factories/acme';
const servers: Server[] = [];
const gateways: Gateway[] = [];
const agent = new Agent();

afterEach(() => {
  agent.destroy();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  for (const gateway of gateways.splice(0)) gateway.close();
});

async function listen(listener: RequestListener): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server, port, url: `http://127.0.0.1:${port}` };
}

const logger = recordingLogger();

/** A gateway in front of a Factory that a test plays. */
async function before(factory: RequestListener, silenceMs = 60_000, path = ''): Promise<{ url: string; port: number }> {
  const { url } = await listen(factory);
  return inFrontOf(`${url}${path}`, silenceMs);
}

const observed: string[] = [];
const observer: GatewayObserver = {
  onCall: ({ call, outcome }) => observed.push(`${call} ${outcome}`),
  onUpstream: ({ factory, outcome }) => observed.push(`${factory} ${outcome}`),
  onWait: () => undefined,
};

async function inFrontOf(url: string, silenceMs = 60_000): Promise<{ url: string; port: number }> {
  const deps = {
    observer,
    factories: new Map([['acme', { name: 'acme', url }]]),
    clock: { now: () => new Date() },
    logger,
    limits: { maxBodyBytes: 1000, maxWaitSeconds: 0, silenceMs },
  };
  const gateway = createGateway(deps as unknown as GatewayDependencies); // nothing is signed here
  gateways.push(gateway);
  return listen(gateway.listener);
}

async function call(
  url: string,
  target: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: object; body?: string } = {},
): Promise<{ answer: IncomingMessage; body: string }> {
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, path: target, method, headers: { ...headers }, agent });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { answer, body: await text(answer) };
}

/** Bytes that no client would send, and what comes back until the connection ends. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.from(bytes, 'latin1'));
  return text(socket);
}

test('request line, headers and bodies arrive as they were sent, and so does the answer', async () => {
  const seen: IncomingMessage[] = [];
  const zipped = gzipSync('{"a":1}');
  const { url } = await before(
    (req, res) => {
      seen.push(req);
      req.pipe(res.writeHead(299, 'Quite So', ['X-One', '1', 'Set-Cookie', 'a', 'Set-Cookie', 'b']));
    },
    60_000,
    '/prefix//',
  );
  const target = `${Q}/devices/{a}|^%C3%A4?tag=a,b&x={"}|^~%zz&&'`;
  const headers = {
    'Osf-Token': 'secret',
    AUTHORIZATION: 'Bearer x',
    'x-many': ['1', '2'],
    'Content-Type': 'odd/type',
  };
  const { answer, body } = await call(url, target, { method: 'POST', headers, body: zipped.toString('latin1') });
  expect(seen[0]?.url).toBe(`/prefix${target}`);
  expect(seen[0]?.rawHeaders.slice(2)).toEqual(
    expect.arrayContaining(['Osf-Token', 'secret', 'AUTHORIZATION', 'Bearer x', 'x-many', '1', 'x-many', '2']),
  );
  expect(seen[0]?.headers.host).toBe(new URL(`http://${seen[0]?.headers.host ?? ''}`).host);
  expect([answer.statusCode, answer.statusMessage, answer.headers['x-one']]).toEqual([299, 'Quite So', '1']);
  expect(answer.headers['set-cookie']).toEqual(['a', 'b']);
  expect(body).toBe(Buffer.from(zipped.toString('latin1')).toString('utf8'));
});

test('headers of the connection end here, and those that name another call', async () => {
  const seen: IncomingMessage['headers'][] = [];
  const { url } = await before((req, res) => {
    seen.push(req.headers);
    res.writeHead(200, { Connection: 'x-private', 'Keep-Alive': 'timeout=1', 'X-Private': '1', 'X-Public': '2' }).end();
  });
  const headers = {
    ...{ Connection: 'close, X-Hop', 'X-Hop': '1', TE: 'trailers', Upgrade: 'h2c', 'Proxy-Authorization': 'x' },
    ...{ 'X-HTTP-Method-Override': 'POST', 'X-Original-URL': '/other', Expect: '100-continue', 'X-Ticket': '7' },
  };
  const { answer } = await call(url, `${Q}/waves/`, { headers });
  const arrived = Object.keys(seen[0] ?? {}).sort();
  expect(arrived).toEqual(['connection', 'host', 'x-ticket']);
  expect(answer.headers).not.toHaveProperty('x-private');
  expect(answer.headers['x-public']).toBe('2');
});

test('both bodies are streamed: each piece is there before the next is sent', async () => {
  const { url } = await before((req, res) => req.pipe(res));
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, path: `${Q}/config/`, method: 'POST', agent });
  outgoing.write('one');
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  expect(String((await once(answer, 'data'))[0])).toBe('one');
  outgoing.write('two');
  expect(String((await once(answer, 'data'))[0])).toBe('two');
  outgoing.end();
  await once(answer, 'end');
});

test('HEAD has the length of what is not sent, and 204 and 304 have no body', async () => {
  const { url } = await before((req, res) => {
    const [, status] = /status=(\d+)/.exec(req.url ?? '') ?? [];
    res.writeHead(Number(status), status === '200' ? { 'Content-Length': 1234 } : { ETag: '"x"' }).end();
  });
  const { answer } = await call(url, `${Q}/targets/?status=200`, { method: 'HEAD' });
  expect([answer.statusCode, answer.headers['content-length']]).toEqual([200, '1234']);
  for (const status of [204, 304]) {
    const empty = await call(url, `${Q}/targets/?status=${status}`);
    expect([empty.answer.statusCode, empty.body]).toEqual([status, '']);
  }
});

test('a caller who goes ends the call at the Factory', async () => {
  const cut = new Promise<void>((resolve, reject) => {
    before((_req, res) => {
      res.once('close', resolve);
      res.writeHead(200).write('begun');
    }).then(({ url }) => {
      const { hostname, port } = new URL(url);
      request({ hostname, port, path: `${Q}/targets/`, agent }, (answer) => {
        answer.once('data', () => answer.destroy());
      })
        .on('error', () => undefined)
        .end();
    }, reject);
  });
  await cut;
});

test('an answer that the Factory cuts off is cut off', async () => {
  const { url } = await before((_req, res) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('begun', () => res.destroy());
  });
  await expect(call(url, `${Q}/targets/`)).rejects.toThrow('aborted');
});

test('an upload that the caller cuts off reaches the Factory as cut off', async () => {
  const events: string[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    before((req) => {
      req.on('end', () => events.push('whole'));
      req.once('close', resolve);
      req.resume();
    }).then(({ port }) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`POST ${Q}/config/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc`, () => socket.destroy());
    }, reject);
  });
  await ended;
  expect(events).toEqual([]);
});

const errorShape = { msg: expect.any(String), errors: expect.arrayContaining([expect.any(String)]) };

test('a Factory that is not there is 502, one that says nothing 504, both in its own shape', async () => {
  const gone = await listen(() => undefined);
  gone.server.close();
  await once(gone.server, 'close');
  const refused = await call((await inFrontOf(gone.url)).url, `${Q}/waves/`);
  expect([refused.answer.statusCode, JSON.parse(refused.body)]).toEqual([502, errorShape]);
  const silent = await call((await before(() => undefined, 50)).url, `${Q}/waves/`);
  expect([silent.answer.statusCode, JSON.parse(silent.body)]).toEqual([504, errorShape]);
});

test('a redirect is not handed on: the caller would take the token elsewhere, and a POST would become a GET', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await before((_req, res) => res.writeHead(status, { Location: 'http://elsewhere.example/' }).end());
    const { answer } = await call(url, `${Q}/waves/w/complete/`, { method: 'POST' });
    expect([answer.statusCode, answer.headers.location]).toEqual([502, undefined]);
  }
});

test('a read that meets a connection just closed is made once more, a write never', async () => {
  let calls = 0;
  const { url } = await before((req, res) => {
    calls += 1;
    // the connection is kept, and cut at its second request
    if (calls === 2) req.socket.destroy();
    else res.end('here');
  });
  await call(url, `${Q}/waves/`);
  const again = await call(url, `${Q}/waves/`);
  expect([again.answer.statusCode, again.body, calls]).toEqual([200, 'here', 3]);
  calls = 1;
  const write = await call(url, `${Q}/waves/w/complete/`, { method: 'POST' });
  expect([write.answer.statusCode, calls]).toEqual([502, 2]);
});

test.each(['GET', 'HEAD'])(
  'a %s with a body is refused: behind it somebody else’s call could be hidden',
  async (method) => {
    const seen: unknown[] = [];
    const { port } = await before((req, res) => {
      seen.push(req.url);
      res.end();
    });
    const hidden = `POST ${Q}/waves/w/cancel/ HTTP/1.1\r\nHost: x\r\n\r\n`;
    const chunked = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    for (const [header, body] of [
      ['Transfer-Encoding: chunked', chunked],
      [`Content-Length: ${hidden.length}`, hidden],
    ]) {
      const said = await send(
        port,
        `${method} ${Q}/waves/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\n\r\n${body}`,
      );
      expect(said).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(seen).toEqual([]);
  },
);

test('nothing of a caller’s credentials, query or body comes into the log', async () => {
  logger.forget();
  const { url } = await before((_req, res) => res.destroy());
  const secret = 'cafebabe';
  const headers = { 'Osf-Token': secret, Authorization: `Bearer ${secret}`, [`X-${secret}`]: secret };
  await call(url, `${Q}/waves/w/complete/?token=${secret}`, { method: 'POST', headers, body: secret });
  await logger.line('gateway call', `${Q}/waves/w/complete/`, '502');
  expect(logger.lines.join('\n')).not.toContain(secret);
});

test('each call is told of with what it was and how it ended, and so is what was asked of the Factory', async () => {
  const { url } = await before((req, res) => {
    if (req.method === 'POST') res.destroy();
    else res.end();
  });
  observed.length = 0;
  logger.forget();
  await call(url, `${Q}/waves/`);
  await call(url, `${Q}/waves/w/complete/`, { method: 'POST' });
  await call(url, `${Q}/waves/w/`, { method: 'DELETE' });
  await logger.line('gateway call', 'DELETE');
  expect(observed).toEqual(['acme 2xx', 'proxied 2xx', 'acme none', 'proxied 5xx', 'refused 4xx']);
  expect(logger.lines.find((line) => line.includes('GET'))).toContain('"level":"debug"');
});

test.each([
  ['GET', '/', 404],
  ['GET', '/ota/factories/other/waves/', 404],
  ['OPTIONS', `${Q}/waves/`, 405],
  ['POST', `${Q}//waves/`, 400],
  ['DELETE', `${Q}/waves/w/`, 403],
])('what is not let through never reaches the Factory: %s %s is %d', async (method, target, status) => {
  const seen: unknown[] = [];
  const { url } = await before((req) => seen.push(req));
  const { answer, body } = await call(url, target, { method });
  expect([answer.statusCode, JSON.parse(body), seen]).toEqual([status, errorShape, []]);
  expect(answer.headers['content-type']).toBe('application/json');
});

test('whether it is there it says itself, to everybody', async () => {
  const seen: unknown[] = [];
  const { url } = await before((req) => seen.push(req));
  observed.length = 0;
  logger.forget();
  const { answer, body } = await call(url, '/healthz');
  expect([answer.statusCode, JSON.parse(body)]).toEqual([200, { status: 'ok' }]);
  await logger.line('gateway call', '/healthz', '"level":"debug"');
  expect((await call(url, '/healthz', { method: 'POST' })).answer.statusCode).toBe(404);
  await logger.line('gateway call', '404');
  expect([observed, seen]).toEqual([['health 2xx', 'refused 4xx'], []]);
});
