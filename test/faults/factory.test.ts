/**
 * The whole service over a Factory that fails: at every call of a Wave's life each fault comes at least once, in an order that follows from
 * the seed. Whatever happened, requests come to the right end by themselves.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isCountersignError, type ErrorCode } from '../../src/errors.js';
import { STATUS_OF_CODE } from '../../src/api/status-of-code.js';
import { NOISE, startFaultyProxy, type Fault, type FaultyProxy } from '../support/faulty-proxy.js';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger.js';
import { openSandboxService, type SandboxService } from '../support/sandbox-service.js';

const SEED = Number(process.env['COUNTERSIGN_FAULTS_SEED'] ?? 1);
/** So long the client waits for an answer; longer than any honest one takes here, or it is one fault more. */
const TIMEOUT_MS = 1_500;
const MAX_TRIES = 2000;

type Stage = 'asking' | 'working';
let stage: Stage;
let faultOf: (call: string) => Fault | null;
let proxy: FaultyProxy;
let logger: RecordingLogger;
let world: SandboxService;

beforeEach(async () => {
  stage = 'asking';
  faultOf = () => null;
  logger = recordingLogger();
  world = await openSandboxService(async (sandbox) => {
    proxy = await startFaultyProxy(sandbox.url, (call) => faultOf(call));
    return { url: proxy.url, timeoutMs: TIMEOUT_MS, maxAnswerBytes: 1024 * 1024, retry: { attempts: 1 } };
  }, logger);
});
afterEach(async () => {
  await world.close();
  await proxy.close();
});

/** Takes a Wave from the asking to the end, as often as each step takes; answers with what stood in the way. */
async function live(name: string, tag: string): Promise<string[]> {
  const hindrances: string[] = [];
  stage = 'asking';
  let id: string | null = null;
  for (let tries = 0; id === null && tries < MAX_TRIES; tries += 1) {
    id = await world.ask(name, 40, { tag }).catch((error: unknown) => {
      if (!isCountersignError(error)) throw error;
      hindrances.push(requirePlain(error));
      return null;
    });
  }
  if (id === null) throw new Error(`${name} could not even be asked for: ${hindrances.at(-1) ?? ''}`);
  await world.approve(id);
  stage = 'working';
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    await world.service.reconcile();
    const { state, lastError } = await world.service.get(id);
    if (lastError !== undefined) hindrances.push(requirePlain(lastError));
    const told = (await world.store.requests.find(id))?.signerTold ?? null;
    if (state === 'delivered' && told !== null) return hindrances;
    expect(['open', 'signed', 'delivered']).toContain(state);
    world.sandbox.clock.time = new Date(world.sandbox.clock.time.getTime() + 61_000);
  }
  throw new Error(`${name} did not come to its end: ${hindrances.at(-1) ?? ''}`);
}

/** What a requester reads: that it is the Factory's doing, in words, and no fault of the service. */
function requirePlain({ code, message }: { code: ErrorCode; message: string }): string {
  expect([code, STATUS_OF_CODE[code]]).toEqual([code, 502]);
  expect(message).toMatch(/Factory/);
  return `${code}: ${message}`;
}

test('every fault of the network at every call of a Wave’s life: the Wave is delivered, once, and nothing else is signed', async () => {
  const calls = new Map<string, Fault[]>();
  faultOf = (call) => {
    calls.set(`${stage} ${call}`, []);
    return null;
  };
  await live('w0', 'tag-0');
  expect(calls.size).toBeGreaterThan(10);

  const random = mulberry32(SEED);
  for (const [call, faults] of calls) calls.set(call, [...faults, ...shuffled(Object.values(NOISE), random)]);
  const outstanding = (): number => [...calls.values()].reduce((sum, faults) => sum + faults.length, 0);
  const planned = outstanding();
  faultOf = (call) => {
    const faults = calls.get(`${stage} ${call}`);
    // now and then a call goes well, so that the next ones are met by faults too
    return faults === undefined || random() < 0.3 ? null : (faults.pop() ?? null);
  };
  const hindrances: string[] = [];
  let lives = 1;
  for (; outstanding() > 0; lives += 1) hindrances.push(...(await live(`w${lives}`, `tag-${lives}`)));

  expect(planned).toBe(calls.size * Object.keys(NOISE).length);
  expect(hindrances.length).toBeGreaterThan(Object.keys(NOISE).length);
  const waves = await world.sandbox.client('bob').waves();
  expect(waves.map(({ name }) => name).sort()).toEqual(Array.from({ length: lives }, (_, life) => `w${life}`).sort());
  expect(waves.every(({ status }) => status === 'active')).toBe(true);
  expect(world.signer.issued.size).toBe(lives);
  await expect(world.service.verifyEvents()).resolves.toMatchObject({ count: expect.any(Number) });
}, 300_000);

/** Lets a call through and serves another answer. */
function served(
  change: (answer: { url: string; status: number; text: string }) => { status: number; text: string },
): Fault {
  return async ({ request, response, forward }) => {
    const { status, body } = await forward();
    const { status: other, text } = change({ url: request.url ?? '', status, text: body.toString('utf8') });
    response.writeHead(other, { 'content-type': 'application/json' }).end(text);
  };
}

/** The sandbox has three roots; each lie is about one of them. */
test.each<[string, (number: number, text: string) => Promise<{ status: number; text: string }>]>([
  ['without the second', async (number, text) => Promise.resolve(number === 2 ? notFound() : { status: 200, text })],
  ['with the second twice', async (number, text) => ({ status: 200, text: number === 3 ? await rootOf(2) : text })],
  [
    'with the third before the second',
    async (number, text) => ({ status: 200, text: number === 2 ? await rootOf(3) : text }),
  ],
  ['without any', () => Promise.resolve(notFound())],
])('a root chain %s is not built on, and says so; the right one is', async (_what, lie) => {
  faultOf = (call) =>
    call === 'GET /N.root.json of production'
      ? async ({ request, response, forward }) => {
          const { body, status } = await forward();
          const number = Number(/(\d+)\.root/.exec(request.url ?? '')?.[1]);
          const answer = status === 404 ? notFound() : await lie(number, body.toString('utf8'));
          response.writeHead(answer.status).end(answer.text);
        }
      : null;
  const refused: unknown = await world.ask('w40', 40).catch((error: unknown) => error);
  expect([502, 503]).toContain(isCountersignError(refused) && STATUS_OF_CODE[refused.code]);
  expect(world.signer.issued.size).toBe(0);
  faultOf = () => null;
  await live('w41', 'production');
});

test('a Wave whose status is a word that nobody knows is not given up, and delivered once the word is known', async () => {
  const id = await world.ask('w40', 40);
  await world.approve(id);
  let shown = 0;
  faultOf = (call) =>
    call === 'GET /waves/NAME'
      ? served(({ status, text }) => {
          if (status === 200) shown += 1;
          return { status, text: text.replace('"active"', '"exploding"') };
        })
      : null;
  await world.service.reconcile();
  expect(shown).toBeGreaterThan(0);
  expect(await world.service.get(id)).toMatchObject({
    state: 'signed',
    lastError: { code: 'FACTORY_ANSWER_INVALID', message: expect.stringContaining('exploding') },
  });
  faultOf = () => null;
  world.sandbox.clock.time = new Date(world.sandbox.clock.time.getTime() + 61_000);
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
});

test('another Wave’s document under its name is no delivery, and the signer does not hear of it', async () => {
  await live('w0', 'other');
  const id = await world.ask('w40', 40);
  await world.approve(id);
  const other = (await world.sandbox.client('bob').waveTargets('w0'))?.toString('utf8') ?? '';
  faultOf = (call) =>
    call === 'GET /wave-targets/' ? served(() => ({ status: 200, text: `{"w40":${other}}` })) : null;
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'abandoned', lastError: { code: 'DELIVERY_CONFLICT' } });
  expect([...world.signer.published$.keys()]).toEqual(['other']);
});

function notFound(): { status: number; text: string } {
  return { status: 404, text: '{"message":"not found"}' };
}

async function rootOf(number: number): Promise<string> {
  const [root] = await world.sandbox.client('bob').rootChain('production', number);
  return root?.toString('utf8') ?? '';
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}
