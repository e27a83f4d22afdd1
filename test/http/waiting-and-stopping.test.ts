import { afterEach, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import type { SubmissionWire } from '../../src/api/index.js';
import { isCountersignError } from '../../src/errors.js';
import { startHttpServer } from '../../src/http/index.js';
import { parseTargets } from '../../src/tuf/index.js';
import { expectAsPromised } from '../support/http-answers.js';
import { openHttpWorld, type Answer, type HttpWorld, type HttpWorldOptions } from '../support/http-world.js';

const WAVES = '/v1/factories/acme/waves';
const intention = { name: 'w42', version: 42, tag: 'production', reason: 'for the waiting' };

let world: HttpWorld;
afterEach(() => world.close());

async function open(options?: HttpWorldOptions): Promise<string> {
  world = await openHttpWorld(options);
  return await world.token();
}

/** Asks with `Prefer: wait`; resolves to the pending answer once the service waits. */
async function ask(
  bearer: string,
  wait: number,
  path = WAVES,
  body: object | null = intention,
): Promise<{ answer: Promise<Answer> }> {
  const answer = world.call(path, {
    bearer,
    headers: { Prefer: `wait=${wait}` },
    ...(body === null ? {} : { body }),
  });
  await world.waiting();
  return { answer };
}

async function approveAll(): Promise<string> {
  const [request] = (await world.client(await world.token({ name: 'reader' })).requests()).items;
  if (request === undefined) throw new Error('no request');
  for (const person of ['alice', 'bob']) {
    const client = world.client(await world.session(person));
    await client.approve(request.id, { sshsig: world.fixture.approve(person, await client.statement(request.id)) });
  }
  return request.id;
}

describe('Prefer: wait', () => {
  it('answers 200 with the signed metadata when it is delivered in time', async () => {
    const { answer } = await ask(await open({ publicUrl: 'https://countersign.example' }), 60);
    const id = await approveAll();
    await world.settle();
    const done = await answer;
    expect(done.status).toBe(200);
    expectAsPromised('submitWave', done);
    expect(parseTargets(Buffer.from(done.text)).signed.version).toBe(42);
    expect(done.headers.get('preference-applied')).toBe('wait=60');
    expect(done.headers.get('location')).toBe(`https://countersign.example/v1/requests/${id}`);
  });

  it('answers 202 when the time is up', async () => {
    const { answer } = await ask(await open(), 5);
    world.advance(5000);
    const late = await answer;
    expect(late.status).toBe(202);
    expectAsPromised('submitWave', late);
    expect((late.json as SubmissionWire).request.state).toBe('open');
  });

  it('grants no more than the service allows', async () => {
    const { answer } = await ask(await open({ limits: { maxWaitSeconds: 7 } }), 3600);
    world.advance(7000);
    expect((await answer).headers.get('preference-applied')).toBe('wait=7');
  });

  it('ends at once, without asking to come again, when the request is rejected', async () => {
    const { answer } = await ask(await open(), 600);
    const client = world.client(await world.session('bob'));
    const [request] = (await client.requests()).items;
    const { text, sshsig } = world.fixture.reject('bob', await client.statement(request?.id ?? ''), 'no');
    await client.reject(request?.id ?? '', { rejection: text, sshsig });
    const closed = await answer;
    expect([closed.status, closed.headers.get('retry-after')]).toEqual([202, null]);
    expect((closed.json as SubmissionWire).request).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
  });

  it('works for a request that is there already', async () => {
    const bearer = await open();
    const { request } = await world.client(bearer).submitWave('acme', intention);
    const { answer } = await ask(bearer, 60, `/v1/requests/${request.id}`, null);
    await approveAll();
    await world.settle();
    expect((await answer).json).toMatchObject({ id: request.id, state: 'delivered' });
  });

  it('answers who waits for the signed metadata alone', async () => {
    const bearer = await open();
    const { request } = await world.client(bearer).submitWave('acme', intention);
    const { answer } = await ask(bearer, 60, `/v1/requests/${request.id}/signed`, null);
    await approveAll();
    await world.settle();
    const signed = await answer;
    expect(signed.status).toBe(200);
    expectAsPromised('getSigned', signed);
    expect(signed.headers.get('preference-applied')).toBe('wait=60');
    expect(parseTargets(Buffer.from(signed.text)).signed.version).toBe(42);
  });

  it('answers 409 when it was not signed in time, or never will be', async () => {
    const bearer = await open();
    const { request } = await world.client(bearer).submitWave('acme', intention);
    const path = `/v1/requests/${request.id}/signed`;
    const early = await ask(bearer, 5, path, null);
    world.advance(5000);
    expect((await early.answer).status).toBe(409);
    const { answer } = await ask(bearer, 60, path, null);
    await world.client(bearer).cancel(request.id);
    expect((await answer).status).toBe(409);
  });

  it('stops waiting for a client that has gone', async () => {
    const bearer = await open();
    const controller = new AbortController();
    const gone = fetch(`${world.url}${WAVES}`, {
      method: 'POST',
      signal: controller.signal,
      headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json', Prefer: 'wait=600' },
      body: JSON.stringify(intention),
    });
    await world.waiting();
    controller.abort();
    await expect(gone).rejects.toThrow();
    expect(await world.logger.line('"request"', '"aborted":true')).toContain(WAVES);
  });
});

describe('stopping', () => {
  it('answers who waits with 202, and takes no new connection', async () => {
    const { answer } = await ask(await open(), 600);
    await world.http.close();
    const stopped = await answer;
    expect(stopped.status).toBe(202);
    expect(stopped.headers.get('connection')).toBe('close');
    await expect(world.call('/healthz')).rejects.toThrow();
  });

  it('lets a request under way end', async () => {
    let finish = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      void open({
        wrap: (signing) => ({
          ...signing,
          keys: () => {
            resolve();
            return new Promise((answer) => {
              finish = () => answer([]);
            });
          },
        }),
      }).then((bearer) => {
        answer = world.call('/v1/keys', { bearer });
      });
    });
    let answer: Promise<Answer> | undefined;
    await begun;
    const closing = world.http.close();
    finish();
    expect((await answer)?.json).toEqual({ items: [] });
    await closing;
  });

  it('closes connections that are idle', async () => {
    await open();
    const socket = await idleConnection();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await world.http.close(600_000);
    await closed;
  });

  it('cuts off what does not end within the grace', async () => {
    await open();
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write('POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{');
    const other = await idleConnection();
    other.end();
    await world.http.close(20);
    await closed;
  });

  it('may be asked twice', async () => {
    await open();
    await Promise.all([world.http.close(), world.http.close()]);
  });
});

describe('a dossier on its way', () => {
  it('is made no faster than it is read, and no further once nobody reads', async () => {
    const line = `${'x'.repeat(65_535)}\n`;
    let made = 0;
    let ended = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const bearer = await open({
      wrap: (signing) => ({
        ...signing,
        async *dossier() {
          try {
            for (;;) {
              made += 1;
              yield await Promise.resolve(line);
            }
          } finally {
            ended();
          }
        },
      }),
    });
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    const begun = new Promise<void>((resolve) => socket.once('data', () => resolve()));
    socket.write(
      `GET /v1/requests/req_00000000000000000000000000/dossier HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
    );
    await begun;
    socket.pause();
    for (let i = 0; i < 30; i += 1) await world.call('/healthz');
    // what the two ends of a loopback connection buffer, and no more
    expect(made * line.length).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
    await over;
    await world.logger.line('"request"', '/dossier', '"aborted":true');
    expect(world.logger.lines.join()).not.toContain('a request failed');
  });
});

describe('listening', () => {
  it('says which address is taken', async () => {
    await open();
    const { port } = new URL(world.url);
    const app = { listener: () => undefined, endWaits: () => undefined };
    const error = await startHttpServer(app, { host: '127.0.0.1', port: Number(port) }).catch((e: unknown) => e);
    expect(isCountersignError(error, 'CONFIG_INVALID')).toBe(true);
  });
});

/** A connection that has had its answer and is kept alive. */
async function idleConnection(): Promise<Socket> {
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
  const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await answered;
  return socket;
}
