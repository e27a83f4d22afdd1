import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSignerClient } from '../../../src/signer/client/index.js';
import { sha256Hex } from '../../../src/tuf/index.js';
import { rejectionOf } from '../../support/reject-code.js';

let directory: string;
let server: Server | null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signer-client-'));
  server = null;
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  rmSync(directory, { recursive: true });
});

const socketPath = (): string => join(directory, 's');
async function serve(listener: RequestListener): Promise<void> {
  server = createServer(listener).listen(socketPath());
  await new Promise((resolve) => server?.once('listening', resolve));
}
const client = (timeoutMs = 10_000) => createSignerClient({ socketPath: socketPath(), timeoutMs });
const RECEIPT = { signatures: [], journal: { seq: 1, hash: 'x' } };

describe('createSignerClient', () => {
  it('says that the signer is unavailable when nobody listens', async () => {
    await expect(rejectionOf(client().status())).resolves.toMatch(/^SIGNER_UNAVAILABLE/);
    await expect(rejectionOf(client().sign(['x\n']))).resolves.toMatch(/^SIGNER_UNAVAILABLE/);
  });

  it.each<[string, RequestListener]>([
    ['breaks off', (request) => request.socket.destroy()],
    [
      'breaks off within its answer',
      (_, response) => (response.writeHead(200), response.write('{'), response.destroy()),
    ],
    ['answers no JSON', (_, response) => response.end('<html>')],
    ['answers something else', (_, response) => response.end('{"signatures":1}')],
    ['refuses without a code', (_, response) => response.writeHead(502).end('{}')],
    [
      'refuses with a code that there is not',
      (_, response) => response.writeHead(400).end('{"code":"X","message":""}'),
    ],
  ])('says that the signer is unavailable when it %s', async (_, listener) => {
    await serve(listener);
    await expect(rejectionOf(client().sign(['x\n']))).resolves.toMatch(/^SIGNER_UNAVAILABLE/);
    await expect(rejectionOf(client().status())).resolves.toMatch(/^SIGNER_UNAVAILABLE/);
  });

  it('gives up on a signer that does not answer in time', async () => {
    await serve(() => undefined);
    await expect(client(50).keys()).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      message: 'the signer was silent for 50 ms',
    });
  });

  it('looks how far the signing is while it waits for the signatures', async () => {
    const statement = '{"kind":"root"}';
    let sign: ServerResponse | undefined;
    const looks: (string | undefined)[] = [];
    await serve((request, response) => {
      request.resume().on('end', () => {
        if (request.method === 'POST') return void (sign = response);
        looks.push(request.url);
        response.end('{"wanted":2,"made":1}');
        sign?.end(JSON.stringify(RECEIPT));
      });
    });
    const dossier = ['{"type":"dossier","format":1}', JSON.stringify({ type: 'statement', text: statement })];
    await expect(client(4_000).sign(dossier)).resolves.toEqual(RECEIPT);
    expect(looks).toEqual([`/v1/progress?statement=${sha256Hex(statement)}`]);
  });

  it('gives up on a signer that does not read', async () => {
    await serve((request) => void request.pause());
    function* endless() {
      for (;;) yield `${'x'.repeat(100_000)}\n`;
    }
    await expect(rejectionOf(client(200).sign(endless()))).resolves.toMatch(/^SIGNER_UNAVAILABLE/);
  });

  it('takes an answer that comes before the dossier is at its end, and stops reading it', async () => {
    await serve((request, response) => {
      request.resume();
      // whole by its length, and not ended: ending it would close the connection under what is still being sent
      const answer = JSON.stringify({ code: 'DOSSIER_INVALID', message: 'no', details: { line: 1 } });
      response.writeHead(400, { 'content-length': answer.length }).write(answer);
    });
    let isReleased = false;
    async function* endless() {
      try {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          yield 'x\n';
        }
      } finally {
        isReleased = true;
      }
    }
    await expect(client().sign(endless())).rejects.toMatchObject({ code: 'DOSSIER_INVALID', details: { line: 1 } });
    expect(isReleased).toBe(true);
  });

  it('sends an abridged dossier first, and the whole one to a signer that does not hold the rest', async () => {
    const came: [string, unknown][] = [];
    let holds = true;
    await serve((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        came.push([text, request.headers['countersign-abridged']]);
        if (holds || request.headers['countersign-abridged'] === undefined)
          return response.end(JSON.stringify(RECEIPT));
        return response.writeHead(409).end(JSON.stringify({ code: 'DOSSIER_NOT_HELD', message: 'no' }));
      });
    });
    await expect(client().sign(['whole\n'], null, ['short\n'])).resolves.toEqual(RECEIPT);
    holds = false;
    await expect(client().sign(['whole\n'], null, ['short\n'])).resolves.toEqual(RECEIPT);
    expect(came).toEqual([
      ['short\n', 'targets'],
      ['short\n', 'targets'],
      ['whole\n', undefined],
    ]);
  });

  it('writes at the pace at which the signer reads', async () => {
    let bytes = 0;
    await serve((request, response) => {
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.end(JSON.stringify(RECEIPT)));
    });
    function* lines() {
      for (let count = 0; count < 300; count++) yield 'x'.repeat(100_000);
    }
    await expect(client().sign(lines())).resolves.toEqual(RECEIPT);
    expect(bytes).toBe(300 * 100_001);
  });

  it('passes on what goes wrong in the dossier’s own source', async () => {
    await serve((request) => void request.resume());
    function* broken() {
      yield 'x\n';
      throw new Error('the store is gone');
    }
    await expect(client().sign(broken())).rejects.toThrow('the store is gone');
  });
});
