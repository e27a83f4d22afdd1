import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { redact } from '../../src/telemetry/redact.js';
import { problemOf } from '../support/http-answers.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

let world: HttpWorld;
let ci: string;

beforeAll(async () => {
  world = await openHttpWorld({ limits: { maxBodyBytes: 100_000 } });
  ci = await world.token();
});
afterAll(() => world.close());

const WAVES = '/v1/factories/acme/waves';

/** Bytes over a connection of their own, until the service closes it. */
async function raw(...chunks: (string | Buffer)[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    const answer: Buffer[] = [];
    socket.on('data', (data) => answer.push(data));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(answer).toString('utf8')));
    for (const chunk of chunks) socket.write(chunk);
  });
}

describe('requests that are wrong in form', () => {
  it.each([
    ['/nothing', '404 NOT_FOUND'],
    ['/v1/requests/', '404 NOT_FOUND'],
    ['/V1/requests', '404 NOT_FOUND'],
    ['//v1/requests', '404 NOT_FOUND'],
    ['/v1/requests/%E0%A4%A', '400 INPUT_INVALID'],
    ['/v1/requests/%ff/statement', '400 INPUT_INVALID'],
    ['/v1/requests/..%2f..%2fetc', '400 INPUT_INVALID'],
    ['/v1/requests/req_short', '400 INPUT_INVALID'],
    ['/v1/requests/req_00000000000000000000000000', '404 REQUEST_NOT_FOUND'],
    ['/v1/requests/req_00000000000000000000000000/dossier', '404 REQUEST_NOT_FOUND'],
    ['/v1/requests/req_00000000000000000000000000/signed', '404 REQUEST_NOT_FOUND'],
    ['/v1/requests?limit=0', '400 INPUT_INVALID'],
    ['/v1/requests?limit=1e2', '400 INPUT_INVALID'],
    ['/v1/requests?limit=5&limit=6', '400 INPUT_INVALID'],
    ['/v1/requests?state=all', '400 INPUT_INVALID'],
    ['/v1/requests?__proto__=x', '400 INPUT_INVALID'],
    ['/v1/requests?cursor=%00', '400 INPUT_INVALID'],
    ['/v1/events?after=-1', '400 INPUT_INVALID'],
  ])('GET %s is %s', async (path, expected) => {
    expect(problemOf(await world.call(path, { bearer: ci }))).toContain(expected);
  });

  it.each([
    ['nothing at all', '', {}, '400 INPUT_INVALID'],
    ['text', 'reason=x', { 'Content-Type': 'application/x-www-form-urlencoded' }, '415 MEDIA_TYPE'],
    ['no type', '{}', { 'Content-Type': '' }, '415 MEDIA_TYPE'],
    ['another charset', '{}', { 'Content-Type': 'application/json; charset=latin1' }, '415 MEDIA_TYPE'],
    ['compressed', '{}', { 'Content-Encoding': 'gzip' }, '415 MEDIA_TYPE'],
    ['malformed', '{"a":', {}, '400 JSON_INVALID'],
    ['a list', '[]', {}, '400 INPUT_INVALID '],
    ['too large', `{"reason":"${'x'.repeat(100_000)}"}`, {}, '413 BODY_TOO_LARGE'],
    ['a duplicate', '{"name":"a","name":"b"}', {}, '400 JSON_DUPLICATE_KEY /name'],
    ['a prototype', '{"__proto__":{"x":1}}', {}, '400 INPUT_INVALID'],
  ])('a body that is %s is refused', async (_what, body, headers, expected) => {
    const answer = await world.call(WAVES, { method: 'POST', bearer: ci, body, headers });
    expect(`${problemOf(answer)} `).toContain(expected);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"reason":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(problemOf(await world.call(WAVES, { bearer: ci, body }))).toBe('400 JSON_INVALID');
  });

  it('knows who calls before it reads a body', async () => {
    const answer = await world.call(WAVES, { bearer: 'cst_x', body: 'x'.repeat(200_000) });
    expect(problemOf(answer)).toBe('401 UNAUTHENTICATED');
  });

  it('refuses methods that a path does not have, with Allow', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      const answer = await world.call('/v1/requests', { method, bearer: ci });
      expect([problemOf(answer), answer.headers.get('allow')]).toEqual(['405 METHOD_NOT_ALLOWED', 'GET, HEAD']);
    }
  });

  it('answers HEAD like GET without a body, also for a stream', async () => {
    const { request } = await world
      .client(ci)
      .submitWave('acme', { name: 'w42', version: 42, tag: 'production', reason: 'head' });
    for (const path of ['/healthz', `/v1/requests/${request.id}`, `/v1/requests/${request.id}/dossier`]) {
      const answer = await world.call(path, { method: 'HEAD', bearer: ci });
      expect([answer.status, answer.text]).toEqual([200, '']);
    }
  });
});

describe('bytes that are no request', () => {
  it.each([
    ['rubbish', ['\u0000\u0001\u0002\r\n\r\n'], 400],
    ['no host', ['GET /healthz HTTP/1.1\r\n\r\n'], 400],
    ['HTTP/9', ['GET / HTTP/9.9\r\nHost: x\r\n\r\n'], 400],
    ['a method that is none', ['BREW / HTTP/1.1\r\nHost: x\r\n\r\n'], 400],
    ['huge headers', [`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`], 431],
    ['a header with a NUL', ['GET /healthz HTTP/1.1\r\nHost: x\r\nX: \u0000\r\n\r\n'], 400],
    ['two lengths', ['POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'], 400],
    [
      'length and chunks',
      ['POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
      400,
    ],
    [
      'a broken chunk',
      [
        'POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      ],
      400,
    ],
    ['a proxy’s CONNECT', ['CONNECT example:443 HTTP/1.1\r\nHost: example\r\n\r\n'], 405],
    ['an expectation', ['GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n'], 417],
  ])('%s: answered and closed', async (_what, chunks, status) => {
    const answer = await raw(...chunks);
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
  });

  it('are answered as problems where it is ours to say', async () => {
    const [head, body] = (await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`)).split('\r\n\r\n');
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body ?? '')).toMatchObject({ status: 431, code: 'INPUT_INVALID' });
  });

  it('in the middle of a body end that request only', async () => {
    const answer = await raw(
      `POST ${WAVES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ci}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      '2\r\n{}\r\nrubbish',
    );
    expect(answer === '' || answer.startsWith('HTTP/1.1 4')).toBe(true);
    expect((await world.call('/healthz')).status).toBe(200);
  });
});

describe('what the log says', () => {
  it('is one line a request with its id, and neither bearer tokens nor bodies nor queries', async () => {
    const answer = await world.call('/v1/requests?tag=in-the-query', { bearer: ci });
    const requestId = answer.headers.get('x-request-id') ?? '';
    const line = await world.logger.line('"request"', requestId);
    expect(JSON.parse(line)).toMatchObject({
      members: { requestId, method: 'GET', path: '/v1/requests', status: 200, caller: 'ci', callerId: ci.slice(4, 20) },
    });
    // no member has a name that the logger's redaction would blank out
    expect(redact(JSON.parse(line))).toEqual(JSON.parse(line));
    await world.call(WAVES, { bearer: ci, body: { reason: 'in-the-body' } });
    const all = world.logger.lines.join('\n');
    for (const secret of [ci, ci.slice(21), 'in-the-query', 'in-the-body']) expect(all).not.toContain(secret);
  });

  it('does not take a request id from outside', async () => {
    const answer = await world.call('/healthz', { headers: { 'X-Request-Id': 'mine' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has the cause of an internal error, which the answer has not', async () => {
    const broken = await openHttpWorld({
      wrap: (signing) => ({ ...signing, keys: () => Promise.reject(new TypeError('inner workings')) }),
    });
    try {
      const answer = await broken.call('/v1/keys', { bearer: await broken.token() });
      expect(problemOf(answer)).toBe('500 INTERNAL');
      expect(answer.text).not.toContain('inner workings');
      expect(await broken.logger.line('a request failed')).toContain('inner workings');
    } finally {
      await broken.close();
    }
  });

  it('cuts an answer off that breaks while it is streamed', async () => {
    const broken = await openHttpWorld({
      wrap: (signing) => ({
        ...signing,
        async *dossier() {
          yield await Promise.resolve('{"type":"dossier","format":1}\n');
          throw new Error('blob missing');
        },
      }),
    });
    try {
      const path = '/v1/requests/req_00000000000000000000000000/dossier';
      const bearer = await broken.token();
      await expect(broken.call(path, { bearer })).rejects.toThrow();
      expect(await broken.logger.line('a request failed')).toContain('blob missing');
    } finally {
      await broken.close();
    }
  });
});

describe('headers of every answer', () => {
  it('forbid scripts, framing, sniffing and caching', async () => {
    const { headers } = await world.call('/healthz');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });
});
