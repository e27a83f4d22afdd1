import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseOfflineKeys } from '../../src/sandbox/index.js';
import { buildWave, createOfflineSigner, signedBy, startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/**
 * The recorded requests of a real fioctl, played again: the sandbox must answer each with the recorded status and a
 * body of the same shape (members, types, forms of strings). Only what no key of ours can have signed is made anew.
 */

const RECORDINGS = join(import.meta.dirname, '../../../shared/golden/fioctl/A');
const available = existsSync(RECORDINGS);
if (!available) console.warn(`no recordings at ${RECORDINGS}: the replay is skipped`);

const exchangeSchema = z.object({
  method: z.string(),
  path: z.string(),
  query: z.string(),
  'request-body': z.unknown(),
  status: z.int(),
  'response-body': z.unknown(),
});
type Exchange = z.output<typeof exchangeSchema>;

const waveBodySchema = z.object({ name: z.string(), version: z.string(), tag: z.string() });

function exchangesOf(step: string): Exchange[] {
  const file = readdirSync(RECORDINGS).find((name) => name.startsWith(`${step}-`)) ?? '';
  const recording: unknown = JSON.parse(readFileSync(join(RECORDINGS, file), 'utf8'));
  return z.object({ exchanges: z.array(exchangeSchema) }).parse(recording).exchanges;
}

/** Members and types; strings by their form; what differs between Factories (keyids) by one name. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return unique(value.map(shapeOf));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => [shapeOfName(name), shapeOf(member)] as const);
    const names = [...new Set(members.map(([name]) => name))].sort();
    return names.map((name) => [name, unique(members.filter(([other]) => other === name).map(([, shape]) => shape))]);
  }
  return typeof value === 'string' ? shapeOfText(value) : value === null ? 'null' : typeof value;
}

function shapeOfText(text: string): unknown {
  if (text === '') return 'empty';
  if (text.startsWith('{')) return ['text of', shapeOf(JSON.parse(text))];
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) return 'time';
  return /^[0-9a-f]{24,}$/.test(text) ? `hex of ${text.length}` : 'text';
}

function shapeOfName(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? '(keyid)' : name;
}

/** Each shape once, in an order that does not depend on random keyids. */
function unique(shapes: unknown[]): unknown[] {
  const byText = new Map(shapes.map((shape) => [JSON.stringify(shape), shape]));
  return [...byText.keys()].sort().map((text) => byText.get(text));
}

const describeRecordings = available ? describe : describe.skip;

async function replay(sandbox: TestSandbox, exchange: Exchange): Promise<void> {
  const { method, path, query } = exchange;
  const answer = await sandbox.call('alice', method, `${path}${query === '' ? '' : `?${query}`}`, await bodyOf());
  const where = `${method} ${path}?${query}`;
  expect([where, answer.status]).toEqual([where, exchange.status]);
  expect([where, shapeOf(answer.json)]).toEqual([where, shapeOf(exchange['response-body'])]);

  /** Targets with this Factory's digests, signed by a key that is here; every other body as it was. */
  async function bodyOf(): Promise<unknown> {
    const recorded = exchange['request-body'];
    const wave = waveBodySchema.safeParse(recorded);
    if (!wave.success) return recorded ?? undefined;
    const { name, version, tag } = wave.data;
    const signed = await buildWave(sandbox.client('alice'), Number(version), tag);
    return { name, version, tag, targets: JSON.parse(signedBy(signed, sandbox.offline).toString('utf8')) as unknown };
  }
}

describeRecordings('a fresh Factory', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ owned: false });
  });
  afterAll(() => sandbox.close());

  test.each(['01', '02', '03', '04'])('answers step %s as recorded', async (step) => {
    const exchanges = exchangesOf(step);
    expect(exchanges.length).toBeGreaterThan(0);
    for (const exchange of exchanges) await replay(sandbox, exchange);
  });
});

describeRecordings('a Factory whose root names offline keys', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    const offline = createOfflineSigner();
    const recorded = recordedOfflineKeys();
    sandbox = await startTestSandbox({
      offline,
      offlineKeys: { root: recorded.root, targets: [...recorded.targets, offline.key] },
    });
  });
  afterAll(() => sandbox.close());

  // in the order of the story, without its root updates (05, 07, 14, 15, 23)
  test.each(['08', '09', '10', '11', '12', '13', '16', '17', '18', '19', '20', '21', '22', '24', '25', '26'])(
    'answers step %s as recorded',
    async (step) => {
      for (const exchange of exchangesOf(step)) await replay(sandbox, exchange);
    },
  );
});

/** The offline keys of the recorded root 4: those that the fresh roots do not have. */
function recordedOfflineKeys(): ReturnType<typeof parseOfflineKeys> {
  const rootSchema = z.object({
    signed: z.object({
      keys: z.record(z.string(), z.unknown()),
      roles: z.record(z.string(), z.object({ keyids: z.array(z.string()) })),
    }),
  });
  const root = exchangesOf('08').find(({ path }) => path.endsWith('/root.json'))?.['response-body'];
  const { keys, roles } = rootSchema.parse(root).signed;
  const keysOf = (role: string): unknown[] =>
    (roles[role]?.keyids ?? []).map((keyid) => keys[keyid]).filter((key) => JSON.stringify(key).includes('ED25519'));
  return parseOfflineKeys(JSON.stringify({ root: keysOf('root'), targets: keysOf('targets') }));
}
