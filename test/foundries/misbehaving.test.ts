import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createFoundriesClient, type FoundriesClient, type FoundriesClientOptions } from '../../src/foundries/index.js';
import { startRawServer, type RawServer, type SeenRequest } from '../support/raw-server.js';

const TOKEN = 'osf-token-that-nobody-may-see';
const WAVE = { name: 'w1', version: 42, tag: 'production', metadata: Buffer.from('{"signatures":[],"signed":{}}') };
let server: RawServer | undefined;
let waits: number[];

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A client of a server that answers like `answer`; the waits between attempts are noted, not waited. */
async function against(
  answer: (request: SeenRequest, response: ServerResponse, count: number) => void,
  options: Partial<FoundriesClientOptions> = {},
): Promise<FoundriesClient> {
  let count = 0;
  server = await startRawServer((request, response) => answer(request, response, ++count));
  waits = [];
  return createFoundriesClient({
    factory: 'acme',
    url: server.url,
    token: () => TOKEN,
    userAgent: 'countersign/0',
    timeoutMs: 5_000,
    ...options,
    retry: {
      random: () => 0.5,
      wait: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    },
  });
}

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end(body);
}

/** The error of a call, once it is sure that the token stands nowhere in it. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    expect(JSON.stringify([at.message, at.stack, at])).not.toContain(TOKEN);
  }
  return error;
}

describe('headers', () => {
  test('name the client and carry the token; a body is JSON, a POST without one has length 0', async () => {
    const client = await against((_request, response) => send(response, 204, ''));
    await client.createWave(WAVE);
    await client.cancelWave('w1');
    const [create, cancel] = server?.seen ?? [];
    expect(create?.headers).toMatchObject({
      'user-agent': 'countersign/0',
      'osf-token': TOKEN,
      'content-type': 'application/json',
    });
    expect(JSON.parse(create?.body ?? '')).toEqual({
      name: 'w1',
      version: '42',
      tag: 'production',
      targets: { signatures: [], signed: {} },
    });
    expect(create?.body).toContain(WAVE.metadata.toString());
    expect(cancel?.headers).toMatchObject({ 'content-length': '0', 'osf-token': TOKEN });
    expect(cancel?.headers).not.toHaveProperty('content-type');
  });

  test.each(['', 'two words', 'line\nfeed', 'schlüssel'])('are not sent with a damaged token: %j', async (token) => {
    const client = await against((_request, response) => send(response, 200, '{}'), { token: () => token });
    const error = await errorOf(client.self());
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    if (token !== '') expect(String(error)).not.toContain(token);
    expect(server?.seen).toEqual([]);
  });
});

describe('a GET', () => {
  test('is repeated with growing waits while the Factory fails, and no more than that', async () => {
    const client = await against((_request, response) => send(response, 503, '{"message":"busy"}'));
    expect(await errorOf(client.self())).toMatchObject({
      code: 'FACTORY_UNAVAILABLE',
      message: 'Factory acme: GET /ota/factories/acme/users/self/: 503 busy',
      details: { status: 503 },
    });
    expect(server?.seen).toHaveLength(3);
    expect(waits).toEqual([187.5, 375]);
  });

  test('succeeds when a later attempt does, after cut connections too', async () => {
    const client = await against((_request, response, count) => {
      if (count === 1) response.destroy();
      else if (count === 2) cutBody(response);
      else send(response, 200, '{"polis-id":"x"}');
    });
    expect(await client.self()).toMatchObject({ polisId: 'x' });
  });

  test('waits as long as it was asked to, within bounds', async () => {
    const client = await against((_request, response, count) => {
      send(response, 429, '{"message":"slow down"}', { 'retry-after': count === 1 ? '3' : '86400' });
    });
    expect(await errorOf(client.self())).toMatchObject({ code: 'FACTORY_UNAVAILABLE', details: { status: 429 } });
    expect(waits).toEqual([3000, 5000]);
  });

  test.each([400, 401, 403, 404, 409, 422])('is not repeated after %d', async (status) => {
    const client = await against((_request, response) => send(response, status, ''));
    expect(await errorOf(client.self())).toMatchObject({ details: { status } });
    expect(server?.seen).toHaveLength(1);
  });

  test('gives up on a server that never answers, or never ends its answer', async () => {
    const silent = await against(() => undefined, { timeoutMs: 50 });
    expect(await errorOf(silent.self())).toMatchObject({ code: 'FACTORY_UNAVAILABLE', details: { timedOut: true } });
    await server?.close();
    const endless = await against((_request, response) => response.writeHead(200).write('{"polis-id":'), {
      timeoutMs: 50,
    });
    expect(await errorOf(endless.self())).toMatchObject({ code: 'FACTORY_UNAVAILABLE', details: { timedOut: true } });
  });

  test('says that nobody listens', async () => {
    const client = await against(() => undefined);
    await server?.close();
    server = undefined;
    expect(await errorOf(client.self())).toMatchObject({
      code: 'FACTORY_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('a POST', () => {
  test.each([
    ['a 500', (response: ServerResponse) => send(response, 500, '')],
    ['a 429', (response: ServerResponse) => send(response, 429, '', { 'retry-after': '0' })],
    ['a cut connection', (response: ServerResponse) => void response.destroy()],
    ['a cut answer', cutBody],
  ])('is sent once, whatever happens: %s', async (_what, fail) => {
    const client = await against((_request, response) => fail(response));
    expect(await errorOf(client.createWave(WAVE))).toMatchObject({ code: 'FACTORY_UNAVAILABLE' });
    expect(server?.seen).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  test('that is not answered says that it may have been done', async () => {
    const client = await against(() => undefined, { timeoutMs: 50 });
    expect(await errorOf(client.createWave(WAVE))).toMatchObject({
      code: 'FACTORY_UNAVAILABLE',
      hint: expect.stringContaining('may have done it'),
    });
  });

  test.each([200, 201, 202, 204])('has succeeded with %d', async (status) => {
    const client = await against((_request, response) => send(response, status, ''));
    await expect(client.completeWave('w1')).resolves.toBeUndefined();
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('%d is an error for every call and nobody follows it', async (status) => {
    const elsewhere = await startRawServer((_request, response) => response.end('{}'));
    const client = await against((_request, response) =>
      send(response, status, '', { location: `${elsewhere.url}/x` }),
    );
    for (const call of [() => client.createWave(WAVE), () => client.self()]) {
      expect(await errorOf(call())).toMatchObject({ code: 'FACTORY_ANSWER_INVALID', details: { status } });
    }
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });
});

describe('an answer', () => {
  const invalid = { code: 'FACTORY_ANSWER_INVALID' };

  test.each(['', '<html>proxy</html>', '[]', '"text"', '42', 'null', '{', '{}', '{"status":null}'])(
    'of another form is refused by every reading call: %j',
    async (body) => {
      const client = await against((_request, response) => send(response, 200, body));
      expect(await errorOf(client.self())).toMatchObject(invalid);
      expect(await errorOf(client.wave('w1'))).toMatchObject(invalid);
      expect(await errorOf(client.waves())).toMatchObject(invalid);
      expect(await errorOf(client.onlineTargetsKey())).toMatchObject(invalid);
      expect(await errorOf(client.rootUpdateApplying())).toMatchObject(invalid);
    },
  );

  test.each(['', '<html>proxy</html>', '[]', '"text"', '42', 'null', '{'])(
    'is no map of documents: %j',
    async (body) => {
      const client = await against((_request, response) => send(response, 200, body));
      expect(await errorOf(client.productionTargets('production'))).toMatchObject(invalid);
      expect(await errorOf(client.waveTargets('w1'))).toMatchObject(invalid);
    },
  );

  test('without the asked tag means that there is none', async () => {
    const client = await against((_request, response) => send(response, 200, '{}'));
    expect(await client.productionTargets('constructor')).toBeNull();
    expect(await client.waveTargets('w1')).toBeNull();
  });

  test.each(['null', '[]', '"{}"', '1'])('with %s where a document should be is refused', async (member) => {
    const client = await against((_request, response) => send(response, 200, `{"production":${member}}`));
    expect(await errorOf(client.productionTargets('production'))).toMatchObject({ ...invalid, pointer: '/production' });
  });

  test.each([
    ['a float', '{"production":{"signed":{"a":1.5}}}', '/production/signed/a'],
    ['non-ASCII text', '{"production":{"signed":{"a":"é"}}}', '/production/signed/a'],
    ['a duplicate key', '{"production":{"signed":{"a":1,"a":1}}}', '/production/signed/a'],
  ])('whose document has %s is refused with the place', async (_what, body, pointer) => {
    const client = await against((_request, response) => send(response, 200, body));
    expect(await errorOf(client.productionTargets('production'))).toMatchObject({ ...invalid, pointer });
  });

  test('gives documents as canonical bytes, however they were served', async () => {
    const served = '{ "production" : {"signed":{"b":1,"a":"\\u0041\\/"}, "signatures":[]}, "other":{} }';
    const client = await against((_request, response) => send(response, 200, served));
    const canonical = '{"signatures":[],"signed":{"a":"A/","b":1}}';
    expect((await client.productionTargets('production'))?.toString()).toBe(canonical);
  });

  test('longer than allowed is refused, also when it is only that long unpacked', async () => {
    const long = JSON.stringify({ 'polis-id': 'x'.repeat(100_000) });
    const plain = await against((_request, response) => send(response, 200, long), { maxAnswerBytes: 50_000 });
    expect(await errorOf(plain.self())).toMatchObject(invalid);
    expect(server?.seen).toHaveLength(1);
    await server?.close();
    const zipped = await against(
      (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(long)),
      { maxAnswerBytes: 50_000 },
    );
    expect(await errorOf(zipped.self())).toMatchObject(invalid);
  });

  test.each([
    ['that is no JSON in one of them', '{"a":{},"b":{],"c":{}}', '/b'],
    ['with a float', '{"a":{},"b":{"x":1.5}}', '/b/x'],
    ['with a name twice', '{"a":{},"\\u0061":{}}', '/a'],
    ['with a comma too many', '{"a":{},}', ''],
    ['that breaks off', '{"a":{}', ''],
    ['with something behind it', '{"a":{}}{}', ''],
    ['that is none', '[]', ''],
  ])('a list of documents %s is refused', async (_what, body, pointer) => {
    const client = await against((_request, response) => send(response, 200, body));
    expect(await errorOf(client.allProductionTargets())).toMatchObject({ ...invalid, pointer });
    expect(server?.seen).toHaveLength(1);
  });

  test('a list of documents is bounded by each of them and by all together, and may be longer than any other answer', async () => {
    const document = `{"x":"${'x'.repeat(1000)}"}`;
    const list = `{${Array.from({ length: 20 }, (_, at) => `"${at}":${document}`).join(',')}}`;
    const bounds = { maxAnswerBytes: 1100, maxListBytes: list.length };
    const client = await against((_request, response) => send(response, 200, list), bounds);
    const documents = [...(await client.allWaveTargets())];
    expect(documents.map(([name, bytes]) => [name, bytes.toString()])).toEqual(
      Array.from({ length: 20 }, (_, at) => [String(at), document]),
    );
    await server?.close();
    const oneTooLong = await against((_request, response) => send(response, 200, `{"a":${document}}`), {
      maxAnswerBytes: 1000,
    });
    expect(await errorOf(oneTooLong.allWaveTargets())).toMatchObject(invalid);
    await server?.close();
    const tooMany = await against((_request, response) => send(response, 200, list), {
      maxListBytes: list.length - 1,
    });
    expect(await errorOf(tooMany.allWaveTargets())).toMatchObject(invalid);
  });

  test('without documents is an empty list, and so is 404', async () => {
    const client = await against((_request, response, count) => send(response, count === 1 ? 404 : 200, '{ }'));
    expect([...(await client.allProductionTargets()), ...(await client.allProductionTargets())]).toEqual([]);
  });

  test('a list of Waves or roots without end is cut', async () => {
    const page = { waves: [{ name: 'w', version: '1', tag: 't', status: 'active' }], next: 'more' };
    const client = await against((_request, response) => send(response, 200, JSON.stringify(page)));
    expect(await errorOf(client.waves())).toMatchObject(invalid);
    expect(server?.seen).toHaveLength(1000);
  });
});

describe('the words of a refusal', () => {
  test.each([
    ['{"message":"no"}', '409 no', []],
    ['{"msg":"first","message":"second"}', '409 first', []],
    ['{"message":"no","errors":["a","b"]}', '409 no; a; b', ['a', 'b']],
    [
      '{"message":"no","errors":{"tag":"bad","name":["x","y"]}}',
      '409 no; tag: bad; name: x; name: y',
      ['tag: bad', 'name: x', 'name: y'],
    ],
    ['{"message":"no","errors":[{"a":1},"b"]}', '409 no; b', ['b']],
    ['{"errors":["only"]}', '409 no reason given; only', ['only']],
    ['{"message":7}', '409 no reason given', []],
    ['<html>no</html>', '409 no reason given', []],
    ['', '409 no reason given', []],
    ['{"message":"\\u001b[2Jwiped\\nline\\u202eesrever"}', '409 [2Jwiped line esrever', []],
    [
      `{"message":"your token ${TOKEN} is bad","errors":["${TOKEN}"]}`,
      '409 your token [redacted] is bad; [redacted]',
      ['[redacted]'],
    ],
  ])('are taken from %s', async (body, words, errors) => {
    const client = await against((_request, response) => send(response, 409, body));
    expect(await errorOf(client.completeWave('w1'))).toMatchObject({
      code: 'FACTORY_REFUSED',
      message: `Factory acme: POST /ota/factories/acme/waves/w1/complete/: ${words}`,
      details: { status: 409, errors },
    });
  });

  test('are cut when they are long', async () => {
    const body = JSON.stringify({ message: 'm'.repeat(10_000), errors: Array.from({ length: 500 }, () => 'e') });
    const client = await against((_request, response) => send(response, 400, body));
    const error = await errorOf(client.completeWave('w1'));
    expect(String(error).length).toBeLessThan(1000);
  });
});

/** The head of an answer and half of its body, then nothing more ever. */
function cutBody(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"polis-id":', () => response.destroy());
}
