import assert from 'node:assert/strict';
import type { NetConnectOpts } from 'node:net';
import fc from 'fast-check';
import { OPERATIONS, problemSchema, type Operation } from '../../../src/api/index.js';
import { ERROR_CODES } from '../../../src/errors.js';
import type { JsonObject, JsonValue } from '../../../src/tuf/index.js';
import { openHttpWorld, type HttpWorld } from '../../support/http-world.js';
import { createRandom } from '../../support/random.js';
import { corpusOf } from '../corpus.js';
import { answerOf, exchange } from '../exchange.js';
import type { FuzzTarget, OpenTarget } from '../fuzz-target.js';
import { requestOf } from '../http-request.js';
import { mutatedBytes, mutatedJson } from '../inputs.js';
import { mutateJson } from '../mutate-json.js';
import { valuesOf } from '../schema-values.js';

const SHARE_OF_ALL = 60_000;
const operations = Object.entries<Operation>(OPERATIONS);

/** Every route of the service, by the table that the router itself is made of; and bytes that are no request. */
export const httpTargets: readonly FuzzTarget[] = [
  ...operations.map(([id, operation]): FuzzTarget => ({
    name: `http/${id}`,
    share: SHARE_OF_ALL / operations.length,
    async open() {
      const corpus = corpusOf(`http/${id}`);
      const near = requestsFor(operation);
      const far = fc.tuple(near, fc.integer()).map(([request, seed]) => {
        const random = createRandom(seed);
        return mutateJson(random, mutateJson(random, request));
      });
      const made = fc.oneof(near, far).map((request) => Buffer.from(JSON.stringify(request)));
      const inputs = corpus.size === 0 ? made : fc.oneof(made, mutatedJson([...corpus.values()]));
      const world = await openFuzzedService();
      return { corpus, inputs, check: (input) => world.ask(input), close: () => world.close() };
    },
  })),
  {
    name: 'http/raw',
    share: 10_000,
    async open(): Promise<OpenTarget> {
      const corpus = corpusOf('http/raw');
      const world = await openFuzzedService();
      const inputs = mutatedBytes([...corpus.values()]);
      return { corpus, inputs, check: (input) => world.askRaw(input), close: () => world.close() };
    },
  },
];

/** Requests that the operation's own schemas allow, by anybody. */
function requestsFor(operation: Operation): fc.Arbitrary<JsonObject> {
  const known = { id: '@ID@', factory: 'acme' };
  const params = fc.oneof({ weight: 3, arbitrary: fc.constant<JsonValue>(known) }, valuesOf(operation.params));
  const headers = fc.tuple(
    valuesOf(operation.headers),
    fc.dictionary(
      fc.constantFrom('Accept', 'Range', 'If-None-Match', 'Content-Encoding', 'X-Forwarded-For', 'Prefer'),
      fc.constantFrom('', '*/*;q=x', 'text/plain', 'gzip', 'bytes=0-', 'wait=9', 'x'.repeat(300), '\u00ff'),
      { maxKeys: 2 },
    ),
  );
  const body: fc.Arbitrary<JsonValue> = operation.body === null ? fc.constant(null) : valuesOf(operation.body.schema);
  return fc
    .record({
      // mostly somebody who gets past the door
      as: fc.constantFrom('ci', 'alice', 'alice', 'nobody'),
      method: fc.oneof({ weight: 9, arbitrary: fc.constant(operation.method.toUpperCase()) }, fc.constant('HEAD')),
      params,
      query: fc.oneof(fc.constant<JsonValue>({}), valuesOf(operation.query)),
      headers,
      body,
    })
    .map(({ as, method, params: values, query, headers: [own, more], body: content }) => ({
      ...{ as, method },
      path: operation.path.replace(/\{(\w+)\}/g, (_, name: string) => memberText(values, name)) + queryText(query),
      headers: { 'Content-Type': 'application/json', ...(own as JsonObject), ...more },
      body: content === null ? null : JSON.stringify(content),
    }));
}

function memberText(values: JsonValue, name: string): string {
  const value = typeof values === 'object' && values !== null && !Array.isArray(values) ? values[name] : undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.startsWith('@') ? text : encodeURIComponent(wellFormed(text));
}

function queryText(query: JsonValue): string {
  const pairs = Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, wellFormed(String(value))]);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

/** Without lone surrogates, which no URL can carry. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '');
}

interface FuzzedService {
  ask(input: Buffer): Promise<void>;
  askRaw(input: Buffer): Promise<void>;
  close(): Promise<void>;
}

async function openFuzzedService(): Promise<FuzzedService> {
  // nothing happens by itself in this world, so nothing that is waited for would come
  const world = await openHttpWorld({ fixture: { keySeed: 'countersign fuzz' }, limits: { maxWaitSeconds: 0 } });
  const ci = await world.token();
  let alice = await world.session('alice');
  let id = await openRequest(world, ci);
  let known = await wordsOf(world, ci, id);
  const to: NetConnectOpts = { port: Number(new URL(world.url).port), host: '127.0.0.1' };
  const bearerOf = (as: string) => (as === 'ci' ? ci : as === 'alice' ? alice : undefined);
  const fill = (text: string) => text.replace(/@([A-Z-]+)@/g, (whole, word: string) => known[word] ?? whole);

  const requireHealthy = async (): Promise<void> => {
    const failed = world.logger.lines.find((line) => line.startsWith('{"level":"error"'));
    assert.equal(failed, undefined, 'the service logged an error of its own');
    world.logger.forget();
    assert.equal((await world.call('/healthz')).status, 200);
  };

  return {
    async ask(input) {
      const request = requestOf(input, fill, bearerOf);
      const answer = answerOf(await exchange(to, request.bytes, { halfClose: false }));
      assert.ok(answer.status < 500, `${answer.status}: ${answer.body} ${world.logger.lines.at(-1) ?? ''}`);
      if (answer.status >= 400 && request.method !== 'HEAD')
        requireProblem(answer.body, answer.contentType, answer.status);
      await requireHealthy();
      if (answer.status >= 400 || request.method !== 'POST') return;
      // something was changed: the next input finds a session and an open request again
      if ((await world.call('/v1/policy', { bearer: alice })).status === 401) alice = await world.session('alice');
      id = await openRequest(world, ci);
      known = await wordsOf(world, ci, id);
    },
    async askRaw(input) {
      const raw = await exchange(to, Buffer.from(fill(input.toString('latin1')), 'latin1'), { halfClose: true });
      assert.doesNotMatch(raw, /^HTTP\/1\.1 5/m);
      requireNoPlaces(raw);
      await requireHealthy();
    },
    async close() {
      assert.ok((await world.store.events.verify()).count > 0);
      await world.close();
    },
  };
}

function requireProblem(body: string, contentType: string, status: number): void {
  assert.equal(contentType, 'application/problem+json', body.slice(0, 200));
  const problem: unknown = JSON.parse(body);
  const parsed = problemSchema.parse(problem);
  assert.deepEqual(parsed, problem);
  assert.equal(parsed.status, status);
  assert.ok((ERROR_CODES as readonly string[]).includes(parsed.code), `the unknown code ${parsed.code}`);
  requireNoPlaces(body);
}

function requireNoPlaces(text: string): void {
  assert.doesNotMatch(
    text,
    /(?:\\n|\n) {4}at |node:internal|node_modules|\/(?:src|dist)\//,
    'shows a place in the program',
  );
}

/** The one open request of the world; a new one when the last is closed. */
async function openRequest(world: HttpWorld, ci: string): Promise<string> {
  const client = world.client(ci);
  const open = (await client.requests({ state: 'open' })).items[0];
  if (open !== undefined) return open.id;
  const wave = { name: 'w42', version: 42, tag: world.fixture.tag, reason: 'to be fuzzed' };
  return (await client.submitWave(world.fixture.factory, wave)).request.id;
}

/** What `@WORD@` stands for, ready to stand inside a JSON string. */
async function wordsOf(world: HttpWorld, ci: string, id: string): Promise<Readonly<Record<string, string>>> {
  const statement = (await world.call(`/v1/requests/${id}/statement`, { bearer: ci })).text;
  const { text, sshsig } = world.fixture.reject('alice', statement, 'to be fuzzed');
  const inString = (value: string) => JSON.stringify(value).slice(1, -1);
  return {
    ...{ ID: id, CI: ci, KEY: inString(world.fixture.officers.get('alice')?.line ?? '') },
    APPROVAL: inString(world.fixture.approve('alice', statement)),
    REJECTION: inString(text),
    'REJECTION-SIG': inString(sshsig),
  };
}
