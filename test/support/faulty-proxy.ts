import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** One call as the proxy sees it. */
export interface ProxiedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Has the server behind the proxy do it, and gives its answer. */
  readonly forward: () => Promise<ProxiedAnswer>;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Something that goes wrong with a call. May leave it unanswered. */
export type Fault = (call: ProxiedCall) => void | Promise<void>;

export interface FaultyProxy {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A reverse proxy that asks `faultOf` about each call, by a name without numbers and names of Waves in it, and passes on those that it has
 * no fault for.
 */
export async function startFaultyProxy(target: string, faultOf: (call: string) => Fault | null): Promise<FaultyProxy> {
  const server = createServer((request, response) => {
    // both ends cut connections here; that is what it is for
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const fault = faultOf(nameOf(request)) ?? passOn;
    void Promise.resolve(fault({ request, response, forward: () => forward(target, request) })).catch(() => {
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function nameOf({ method = '', url = '' }: IncomingMessage): string {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const path = pathname
    .replace(/^.*\/(user_repo|factories\/[^/]+)/, '')
    .replace(/\d+\.root/, 'N.root')
    .replace(/^\/waves\/.+/, '/waves/NAME');
  return `${method} ${path}${searchParams.has('production') ? ' of production' : ''}`;
}

async function forward(target: string, request: IncomingMessage): Promise<ProxiedAnswer> {
  const body: Buffer[] = [];
  for await (const chunk of request) body.push(chunk as Buffer);
  const { 'osf-token': token, 'content-type': contentType } = request.headers;
  const answer = await fetch(`${target}${request.url ?? ''}`, {
    method: request.method ?? 'GET',
    headers: {
      'osf-token': String(token),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(body.length === 0 ? {} : { body: Buffer.concat(body) }),
  });
  return {
    status: answer.status,
    contentType: answer.headers.get('content-type') ?? 'application/json',
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

const passOn: Fault = async ({ response, forward }) => {
  const { status, contentType, body } = await forward();
  response.writeHead(status, { 'content-type': contentType }).end(body);
};

/** Answers by itself; the call never arrives. */
const instead =
  (status: number, body: string | Buffer, headers: Record<string, string> = {}): Fault =>
  ({ request, response }) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };

/** The call arrives and is done; what comes back is something else. */
const afterwards =
  (answer: (response: ServerResponse, right: ProxiedAnswer) => void): Fault =>
  async ({ response, forward }) => {
    answer(response, await forward());
  };

/** Everything that a network or a broken server does and that says nothing about the Factory. */
export const NOISE: Readonly<Record<string, Fault>> = {
  'cut before its body': ({ request }) => void request.socket.destroy(),
  'cut within its body': ({ request }) =>
    void request.once('data', () => request.socket.destroy()).once('end', () => request.socket.destroy()),
  'cut after its body': ({ request }) => void request.resume().once('end', () => request.socket.destroy()),
  'done, and cut without an answer': afterwards((response) => response.destroy()),
  'done, and cut within the answer': afterwards((response, { status, body }) => {
    response.writeHead(status, { 'content-length': body.length + 10 });
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  }),
  'never answered': ({ request }) => void request.resume(),
  'answered with a head, and then nothing': afterwards((response, { body }) => {
    response.writeHead(200, { 'content-length': body.length + 10 });
    response.write(body.subarray(0, 1));
  }),
  'answered 500': instead(500, '{"message":"boom"}'),
  'done, and answered 500': afterwards((response) => response.writeHead(500).end()),
  'answered 502 by a proxy': instead(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' }),
  'answered 503': instead(503, ''),
  'answered 429 with a long Retry-After': instead(429, '{"message":"slow down"}', { 'retry-after': '86400' }),
  'answered 408': instead(408, ''),
  'answered 401': instead(401, '{"message":"who are you?"}'),
  'answered 403': instead(403, '{"message":"not you"}'),
  redirected: instead(302, '', { location: 'http://127.0.0.1:9/elsewhere' }),
  'done, and answered in another content type': afterwards((response, { status, body }) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  }),
  'done, and answered with a length that is too short': afterwards((response, { status, body }) => {
    const length = Math.max(0, body.length - 1);
    response.writeHead(status, { 'content-length': length, connection: 'close' }).end(body.subarray(0, length));
  }),
  'done, and answered nothing': afterwards((response) => response.writeHead(200).end()),
  'done, and answered with a page': afterwards((response) => response.writeHead(200).end('<html>Log in</html>')),
  'done, and answered with half of it': afterwards((response, { body }) => {
    response.writeHead(200).end(body.subarray(0, Math.max(1, body.length / 2)));
  }),
  'done, and answered []': afterwards((response) => response.writeHead(200).end('[]')),
  'done, and answered null': afterwards((response) => response.writeHead(200).end('null')),
  'done, and answered with wrong members': afterwards((response) => {
    response.writeHead(200).end('{"signed":7,"signatures":{},"waves":{},"name":1,"status":[],"production":[]}');
  }),
  'done, and answered without end': afterwards((response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, ' ')));
    };
    response.on('drain', more).writeHead(200);
    more();
  }),
  'done, and answered with a compressed bomb': afterwards((response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB);
  }),
};

const BOMB = gzipSync(Buffer.alloc(32 * 1024 * 1024, ' '));
