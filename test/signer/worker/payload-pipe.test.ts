import { closeSync, createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PayloadPipe, writePayloads } from '../../../src/signer/worker/payload-pipe.js';

let dir: string;
let fds: number[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-pipe-'));
  fds = [];
});
afterEach(() => {
  for (const fd of fds) closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

const PAYLOADS = [0, 1, 20_000, 3, 300_000, 5].map((length, index) => Buffer.alloc(length, String(index)));
const LENGTHS = PAYLOADS.map(({ length }) => length);

/** What was written, ready to be read: a file stands for the pipe. */
async function piped(
  ...requests: readonly (readonly [id: number, payloads: readonly Buffer[]])[]
): Promise<PayloadPipe> {
  const path = join(dir, 'pipe');
  const stream = createWriteStream(path);
  for (const [id, payloads] of requests) writePayloads(stream, id, payloads);
  stream.end();
  await once(stream, 'close');
  const fd = openSync(path, 'r');
  fds.push(fd);
  return new PayloadPipe(fd);
}

/** Copies: the bytes are the reader's until the next payload. */
const take = (pipe: PayloadPipe, id: number, lengths: readonly number[]): Buffer[] =>
  Array.from(pipe.take(id, lengths), (payload) => Buffer.from(payload));

describe('the pipe of the payloads', () => {
  it('gives the payloads of each request as they were written', async () => {
    const pipe = await piped([7, PAYLOADS], [4_294_967_295, [Buffer.from('next')]]);
    expect(take(pipe, 7, LENGTHS)).toEqual(PAYLOADS);
    expect(take(pipe, 4_294_967_295, [4])).toEqual([Buffer.from('next')]);
  });

  it('throws away what a request leaves, whether it ends early or fails', async () => {
    const pipe = await piped([1, PAYLOADS], [2, PAYLOADS], [3, [Buffer.from('next')]]);
    for (const payload of pipe.take(1, LENGTHS)) if (payload.length === 1) break;
    const fail = (): void => {
      for (const { length } of pipe.take(2, LENGTHS)) throw new Error(`the token is gone at ${length} bytes`);
    };
    expect(fail).toThrow('the token is gone at 0 bytes');
    expect(take(pipe, 3, [4])).toEqual([Buffer.from('next')]);
  });

  it.each([
    ['another request', 2, LENGTHS],
    ['others', 1, LENGTHS.slice(1)],
    ['longer ones', 1, [0, 2, 20_000]],
    ['shorter ones', 1, [0, 0, 20_000]],
  ])('gives none when %s are due, and none after that', async (_, id, lengths) => {
    const pipe = await piped([1, PAYLOADS], [2, PAYLOADS]);
    expect(() => take(pipe, id, lengths)).toThrow('another payload');
    expect(() => take(pipe, 2, LENGTHS)).toThrow('failed before');
  });

  it('says that it was closed before a payload was whole', async () => {
    const pipe = await piped([1, PAYLOADS.slice(0, 2)]);
    expect(() => take(pipe, 1, LENGTHS)).toThrow('was closed');
  });
});
