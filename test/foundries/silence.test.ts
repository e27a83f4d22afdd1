import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFoundriesClient } from '../../src/foundries/index.js';
import { fakeTime, type FakeTime } from '../support/fake-time.js';

const TIMEOUT_MS = 30_000;

let time: FakeTime;
beforeEach(() => {
  time = fakeTime();
});
afterEach(() => time.end());

function clientOf(answer: typeof fetch) {
  return createFoundriesClient({
    ...{ factory: 'acme', url: 'https://api.example', token: () => 'token', userAgent: 'test' },
    ...{ timeoutMs: TIMEOUT_MS, fetch: answer, retry: { attempts: 1 } },
  });
}

/** As long as the signal lets it. */
function never(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new TypeError('fetch failed')));
  });
}

describe('a call to the Factory', () => {
  test('may take as long as it likes while its answer is coming', async () => {
    const pieces = Array.from('{"production":{"signatures":[],"signed":{}}}');
    let send: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (send = controller) });
    const documents = clientOf(() => Promise.resolve(new Response(body))).allProductionTargets();
    for (const piece of pieces) {
      send?.enqueue(Buffer.from(piece));
      await time.pass(TIMEOUT_MS - 1);
    }
    send?.close();
    expect([...(await documents).keys()]).toEqual(['production']);
  });

  test('may take as long as it likes while what it sends is taken, and says how long that is', async () => {
    const signature = { keyid: 'k', method: 'ed25519', sig: 'x'.repeat(100) };
    const targetsSignatures = Object.fromEntries(Array.from({ length: 2000 }, (_, tag) => [`tag-${tag}`, [signature]]));
    const roots = { ci: Buffer.from('{}'), production: Buffer.from('{}'), wavesSignatures: {} };
    let taken = 0;
    let told: string | null = null;
    const client = clientOf(async (_address, init) => {
      told = new Headers(init?.headers).get('content-length');
      for await (const piece of init?.body as ReadableStream<Uint8Array>) {
        taken += piece.length;
        await time.pass(TIMEOUT_MS - 1);
      }
      return new Response('{}');
    });
    await client.putRootUpdate({ txid: 'T', ...roots, targetsSignatures });
    expect(taken).toBeGreaterThan(256 * 1024);
    expect(told).toBe(String(taken));
  });

  test('is given up when nothing moves', async () => {
    const answer = clientOf((_address, init) => never(init?.signal)).ciTargets();
    const refused = expect(answer).rejects.toMatchObject({ code: 'FACTORY_UNAVAILABLE', details: { timedOut: true } });
    await time.pass(TIMEOUT_MS);
    await refused;
  });
});
