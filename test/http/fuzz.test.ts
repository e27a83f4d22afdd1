import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OPERATIONS, problemSchema, type Operation } from '../../src/api/index.js';
import { openHttpWorld, type Answer, type HttpWorld } from '../support/http-world.js';

/**
 * Random requests at every route, by strangers, CI and an officer: never a 5xx, and every refusal is a problem in its
 * right form. `HTTP_FUZZ_RUNS` sets how many requests each route gets.
 */
const SEED = 42_2026;
const RUNS = Number(process.env['HTTP_FUZZ_RUNS'] ?? 25);

let world: HttpWorld;
let bearers: Record<string, string | undefined>;
let id: string;

beforeAll(async () => {
  world = await openHttpWorld();
  bearers = { nobody: undefined, ci: await world.token(), officer: await world.session('alice') };
  const wave = { name: 'w42', version: 42, tag: 'production', reason: 'to be fuzzed' };
  id = (await world.client(bearers['ci'] ?? '').submitWave('acme', wave)).request.id;
});
afterAll(() => world.close());

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '%',
    '%00',
    '%2e%2e%2f',
    '\u0000',
    'a'.repeat(5000),
    '__proto__',
    'constructor',
    '-1',
    '9'.repeat(30),
  ),
);

/** Members that routes know, with values of any kind. */
const member = fc.constantFrom(
  ...['name', 'version', 'tag', 'prune', 'sourceTag', 'expires', 'reason', 'dryRun', 'targets', 'sshsig', 'rejection'],
  ...['challenge', 'publicKey', '__proto__', 'toString', 'x'],
);
const likely = fc.oneof(
  fc.jsonValue(),
  text,
  fc.constantFrom<unknown>(42, 'production', 'w42', true, [41], '2027-01-01T00:00:00Z', 'acme', {}, []),
  fc.constantFrom<unknown>('{"_type":"countersign/rejection","reason":"x","spec":1,"statement":""}'),
  fc.constantFrom<unknown>({ _type: 'Targets', expires: '2027-01-01T00:00:00Z', targets: {}, version: 42 }),
  fc.constantFrom<unknown>('-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n'),
);
const form = fc
  .array(fc.tuple(member, likely), { maxLength: 8 })
  .map(
    (members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
const body = fc.oneof(
  { weight: 4, arbitrary: form },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat(2000).map((depth) => `{"targets":${'['.repeat(depth)}`) },
);
const headerValue = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
  fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'wait=0',
    'gzip',
    '*/*;q=x',
    'bytes=0-',
  ),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'Content-Type',
    'Accept',
    'Prefer',
    'Idempotency-Key',
    'X-Forwarded-For',
    'Range',
    'If-None-Match',
    'Content-Encoding',
  ),
  headerValue.map((value) => value.trim()),
  { maxKeys: 4 },
);
const segment = fc.oneof(
  fc.constantFrom('ID', 'acme', 'req_00000000000000000000000000'),
  text.map((value) => encodeURIComponent(wellFormed(value)) || 'x'),
  fc.string({ unit: fc.constantFrom('%', 'a', 'f', '0', '.', ';', '=', '+'), minLength: 1, maxLength: 12 }),
);
const query = fc.oneof(
  fc.constant(''),
  fc
    .array(fc.tuple(fc.constantFrom('state', 'factory', 'tag', 'waitingFor', 'limit', 'cursor', 'after', 'x'), text), {
      maxLength: 4,
    })
    .map(
      (pairs) =>
        `?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, wellFormed(value)])).toString()}`,
    ),
);

describe('random requests never make the service fail', () => {
  it.each(Object.entries<Operation>(OPERATIONS))('%s', async (operationId, operation) => {
    const requests = fc.record({
      method: fc.oneof(
        { weight: 5, arbitrary: fc.constant(operation.method.toUpperCase()) },
        { weight: 1, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS') },
      ),
      // most runs by somebody who gets past the door
      bearer: fc.constantFrom('ci', 'officer', 'officer', 'nobody'),
      segment,
      query,
      headers,
      body,
    });
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const part = request.segment === 'ID' ? id : request.segment;
        const bearer = bearers[request.bearer];
        const answer = await world.call(operation.path.replace(/\{\w+\}/, () => part) + request.query, {
          method: request.method,
          headers: request.headers,
          ...(bearer === undefined ? {} : { bearer }),
          ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request.body }),
        });
        expectNoFailure(answer, request.method);
        if (operationId === 'logout' && answer.status === 204) bearers['officer'] = await world.session('alice');
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('and it still works afterwards', async () => {
    expect((await world.client(bearers['ci']).request(id)).id).toBe(id);
    expect((await world.store.events.verify()).count).toBeGreaterThan(0);
  });
});

/** Without lone surrogates, which no URL can carry. */
function wellFormed(value: string): string {
  return value.replace(/\p{Cs}/gu, '');
}

function expectNoFailure(answer: Answer, method: string): void {
  if (answer.status >= 500)
    throw new Error(`${answer.status}: ${answer.text}\n${world.logger.lines.slice(-5).join('\n')}`);
  if (answer.status < 400 || method === 'HEAD') return;
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(problemSchema.parse(answer.json)).toEqual(answer.json);
}
