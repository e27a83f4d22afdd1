import { afterEach, describe, expect, it } from '@jest/globals';
import { problemOf } from '../support/http-answers.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

let world: HttpWorld;
afterEach(() => world.close());

describe('rate limits', () => {
  it('count each bearer token by itself, and say when to come again', async () => {
    world = await openHttpWorld({ limits: { requestsPerMinute: 3 } });
    const busy = await world.token({ name: 'busy' });
    const other = await world.token({ name: 'other' });
    for (let i = 0; i < 3; i += 1) expect((await world.call('/v1/policy', { bearer: busy })).status).toBe(200);
    const answer = await world.call('/v1/policy', { bearer: busy });
    expect(problemOf(answer)).toBe('429 RATE_LIMITED');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await world.call('/v1/policy', { bearer: other })).status).toBe(200);
  });

  it('count sign-ins by address', async () => {
    world = await openHttpWorld({ limits: { loginsPerMinute: 2 } });
    const body = { publicKey: 'ssh-ed25519 AAAA' };
    expect(problemOf(await world.call('/v1/login/challenge', { body }))).toBe('400 SSH_KEY_INVALID');
    expect(problemOf(await world.call('/v1/login', { body }))).toContain('400 INPUT_INVALID');
    expect(problemOf(await world.call('/v1/login', { body }))).toBe('429 RATE_LIMITED');
  });

  it('count refused bearer tokens by address, without locking out who has a good one', async () => {
    world = await openHttpWorld({ limits: { loginsPerMinute: 2 } });
    const bearer = await world.token();
    for (let i = 0; i < 2; i += 1) expect((await world.call('/v1/policy', { bearer: 'wrong' })).status).toBe(401);
    expect(problemOf(await world.call('/v1/policy', { bearer: 'wrong' }))).toBe('429 RATE_LIMITED');
    expect((await world.call('/v1/policy', { bearer })).status).toBe(200);
  });

  it('hold strangers back at the readiness report, which asks signer and Factory once in a while only', async () => {
    let asked = 0;
    world = await openHttpWorld({
      limits: { requestsPerMinute: 5 },
      wrap: (signing) => ({
        ...signing,
        readiness: () => {
          asked += 1;
          return signing.readiness();
        },
      }),
    });
    const answers = await Promise.all(Array.from({ length: 6 }, () => world.call('/readyz')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 429]);
    expect(asked).toBe(1);
    for (let i = 0; i < 20; i += 1) expect((await world.call('/healthz')).status).toBe(200);
  });

  it('take the address of a proxy’s client only where a proxy is configured', async () => {
    world = await openHttpWorld({ limits: { loginsPerMinute: 1 } });
    const ask = (address: string) => world.call('/v1/login', { body: {}, headers: { 'X-Forwarded-For': address } });
    expect((await ask('192.0.2.1')).status).toBe(400);
    expect((await ask('192.0.2.2')).status).toBe(429);
    await world.close();
    world = await openHttpWorld({ limits: { loginsPerMinute: 1 }, trustProxy: true });
    expect((await ask('192.0.2.1')).status).toBe(400);
    expect((await ask('192.0.2.2')).status).toBe(400);
    expect((await ask('192.0.2.2')).status).toBe(429);
  });
});
