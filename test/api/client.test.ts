import { describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import { createApiClient, type ApiClient, type ApiClientOptions } from '../../src/api/index.js';
import { isCountersignError, type CountersignError } from '../../src/errors.js';
import { fakeTime } from '../support/fake-time.js';
import { openHttpWorld } from '../support/http-world.js';

const ID = 'req_01jd9v3q5w8x2y4z6a7b9c1d3e';

/** A client of a service that answers as told, and what it was sent. */
async function against(
  answer: RequestListener,
  use: (client: ApiClient, sent: Sent[]) => Promise<void>,
  options: Partial<ApiClientOptions> = {},
): Promise<void> {
  const sent: Sent[] = [];
  const server = createServer((req, res) => {
    const body: Buffer[] = [];
    req.on('data', (chunk: Buffer) => body.push(chunk));
    req.on('end', () => {
      sent.push({
        line: `${req.method ?? ''} ${req.url ?? ''}`,
        headers: req.headers,
        body: Buffer.concat(body).toString(),
      });
      answer(req, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await use(createApiClient({ baseUrl: `http://127.0.0.1:${port}/base/`, ...options }), sent);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

interface Sent {
  readonly line: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const problem =
  (status: number, body: object): RequestListener =>
  (_req, res) => {
    res.writeHead(status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify(body));
  };

async function errorOf(promise: Promise<unknown>): Promise<CountersignError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (isCountersignError(error)) return error;
  throw error;
}

describe('createApiClient', () => {
  it('asks once more when the connection is closed on it, unless that could do something twice', async () => {
    let calls = 0;
    await against(
      (_req, res) => {
        calls += 1;
        if (calls === 1) res.destroy();
        else problem(404, { code: 'NOT_FOUND', title: 'none', detail: 'none', status: 404, type: 'x' })(_req, res);
      },
      async (client, sent) => {
        expect((await errorOf(client.request(ID))).code).toBe('NOT_FOUND');
        expect(sent).toHaveLength(2);
        calls = 0;
        expect((await errorOf(client.cancel(ID))).code).toBe('SERVICE_UNAVAILABLE');
        expect(sent).toHaveLength(3);
      },
    );
  });

  it('turns problems back into the service’s own errors', async () => {
    const said = {
      type: 'urn:countersign:error:WAVE_VERSION_UNKNOWN',
      title: 'Wave version unknown',
      status: 422,
      detail: 'no version 99',
      code: 'WAVE_VERSION_UNKNOWN',
      pointer: '/version',
      hint: 'Look again.',
      details: { version: 99 },
      instance: 'id-1',
    };
    await against(problem(422, said), async (client) => {
      const error = await errorOf(client.request(ID));
      expect(error).toMatchObject({ code: said.code, message: said.detail, pointer: said.pointer, hint: said.hint });
      expect(error.details).toEqual({ version: 99, status: 422, requestId: 'id-1' });
    });
  });

  it('keeps what a newer service says with a code it does not know', async () => {
    const said = { type: 'x', title: 'x', status: 418, detail: 'short and stout', code: 'TEAPOT' };
    await against(problem(418, said), async (client) => {
      const error = await errorOf(client.policy());
      expect([error.code, error.message]).toEqual([
        'SERVICE_ANSWER_INVALID',
        'short and stout (TEAPOT, which this program does not know)',
      ]);
    });
  });

  it.each([
    [502, '<html>Bad gateway</html>', 'SERVICE_UNAVAILABLE'],
    [500, 'oops', 'SERVICE_ANSWER_INVALID'],
    [200, 'not json', 'SERVICE_ANSWER_INVALID'],
    [200, '{"items":1}', 'SERVICE_ANSWER_INVALID'],
  ])('says that a %d with %j is no answer of the service', async (status, body, code) => {
    await against(
      (_req, res) => res.writeHead(status).end(body),
      async (client) => expect((await errorOf(client.requests())).code).toBe(code),
    );
  });

  it('does not follow redirects, so that the bearer token stays where it belongs', async () => {
    await against(
      (_req, res) => res.writeHead(302, { Location: '/elsewhere' }).end(),
      async (client, sent) => {
        expect((await errorOf(client.policy())).code).toBe('SERVICE_ANSWER_INVALID');
        expect(sent.length).toBe(1);
      },
      { bearer: 'css_x' },
    );
  });

  it('says that nobody answers, in time or at all, without the bearer token', async () => {
    const bearer = 'cst_0123456789abcdef_secret';
    const nobody = createApiClient({ baseUrl: 'http://127.0.0.1:9', bearer });
    const refused = await errorOf(nobody.policy());
    expect(refused.code).toBe('SERVICE_UNAVAILABLE');
    await against(
      () => undefined,
      async (client) => {
        const late = await errorOf(client.policy());
        expect(late.code).toBe('SERVICE_UNAVAILABLE');
        expect(`${refused.message} ${late.message} ${String(late.cause)}`).not.toContain('secret');
      },
      { bearer, timeoutMs: 50 },
    );
    expect(() => createApiClient({ baseUrl: 'http://x', bearer: 'two\nlines' })).toThrow('one word');
  });

  it('says when an answer breaks off, also in the middle of a dossier', async () => {
    await against(
      (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
        res.write('{"type":"dossier"}\n{"half');
        setImmediate(() => res.destroy());
      },
      async (client) => {
        const lines: string[] = [];
        const error = await errorOf(
          (async () => {
            for await (const line of client.dossier(ID)) lines.push(line);
          })(),
        );
        expect(error.code).toBe('SERVICE_UNAVAILABLE');
        expect(lines.length).toBeLessThan(2);
      },
    );
  });

  it('lets a dossier take as long as it comes, and gives up when nothing comes any more', async () => {
    const time = fakeTime();
    try {
      let send: ReadableStreamDefaultController<Uint8Array> | undefined;
      let ended: AbortSignal | null | undefined;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (send = controller) });
      const answer: typeof fetch = (_address, init) => {
        ended = init?.signal;
        ended?.addEventListener('abort', () => send?.error(ended?.reason));
        return Promise.resolve(new Response(body));
      };
      const client = createApiClient({ baseUrl: 'http://service.example', fetch: answer, timeoutMs: 60_000 });
      const lines = client.dossier(ID)[Symbol.asyncIterator]();
      for (let count = 0; count < 5; count++) {
        const line = lines.next();
        await time.pass(59_999);
        send?.enqueue(Buffer.from(`line ${count}\n`));
        expect(await line).toEqual({ done: false, value: `line ${count}\n` });
      }
      const refused = errorOf(lines.next());
      await time.pass(60_000);
      expect((await refused).code).toBe('SERVICE_UNAVAILABLE');
      expect(ended?.aborted).toBe(true);
    } finally {
      time.end();
    }
  });

  it('gives a dossier line by line, however it is cut on the way', async () => {
    const text = '{"a":"é🚀"}\n\n{"b":1}\nlast';
    await against(
      (_req, res) => {
        const bytes = Buffer.from(text);
        res.writeHead(200);
        const next = (at: number): void => {
          if (at === bytes.length) res.end();
          else res.write(bytes.subarray(at, at + 1), () => next(at + 1));
        };
        next(0);
      },
      async (client) => {
        const lines: string[] = [];
        for await (const line of client.dossier(ID)) lines.push(line);
        expect(lines).toEqual(['{"a":"é🚀"}\n', '\n', '{"b":1}\n', 'last']);
      },
    );
  });

  it('escapes what goes into paths and queries, and asks to wait within bounds', async () => {
    await against(
      problem(404, {}),
      async (client, sent) => {
        await errorOf(client.request('../x?y', { waitSeconds: 5000 }));
        await errorOf(client.requests({ tag: 'a&b', limit: 5 }));
        expect(sent.map(({ line }) => line)).toEqual([
          'GET /base/v1/requests/..%2Fx%3Fy',
          'GET /base/v1/requests?tag=a%26b&limit=5',
        ]);
        expect(sent[0]?.headers).toMatchObject({ prefer: 'wait=60', authorization: 'Bearer css_x' });
      },
      { bearer: 'css_x' },
    );
  });

  it('sends the text of a document untouched', async () => {
    await against(problem(422, {}), async (client, sent) => {
      const body = { name: 'w', tag: 't', reason: 'é', targets: '{"b": 1.50,\n "a": "\\u0041"}' };
      await errorOf(client.submitWave('acme', body, { idempotencyKey: 'k1' }));
      expect(sent[0]?.body).toBe('{"name":"w","tag":"t","reason":"é","targets":{"b": 1.50,\n "a": "\\u0041"}}');
      expect(sent[0]?.headers).toMatchObject({ 'idempotency-key': 'k1' });
      expect((await errorOf(client.submitWave('acme', { ...body, targets: '{' }))).code).toBe('JSON_INVALID');
      expect(sent.length).toBe(1);
    });
  });

  it('speaks with the real service from sign-in to sign-out', async () => {
    const world = await openHttpWorld();
    try {
      const alice = world.fixture.officers.get('alice');
      if (alice === undefined) throw new Error('alice');
      const { challenge } = await world.client().loginChallenge({ publicKey: alice.line });
      const sshsig = alice.sign('countersign-login-v1', challenge);
      const { session, person } = await world.client().login({ challenge, sshsig });
      expect(person).toBe('alice');
      const client = world.client(session);
      const { request } = await client.submitWave('acme', { name: 'w42', version: 42, tag: 'production', reason: 'é' });
      expect((await client.keys()).items.length).toBe(1);
      expect((await client.policy()).version).toBe(1);
      expect((await client.diff(request.id)).text).toBe(await client.diffText(request.id));
      expect((await client.cancel(request.id, { reason: 'done' })).closedBecause).toBe('cancelled');
      expect((await client.events({ limit: 1 })).items.length).toBe(1);
      expect(await client.readiness()).toMatchObject({ ready: true });
      await client.logout();
      expect((await errorOf(client.policy())).code).toBe('UNAUTHENTICATED');
    } finally {
      await world.close();
    }
  });
});
