import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { MEDIA_TYPES } from '../api/index.js';

const MAX_LISTENERS = 20;

/** What a handler answers. Only `writeReply` touches the response. */
export type Reply = { readonly status: number; readonly headers?: Readonly<Record<string, string>> } & (
  | { readonly json: unknown }
  /** Exact bytes. */
  | { readonly bytes: Buffer; readonly type: string }
  /** Written as they come, no faster than they are read. */
  | { readonly lines: AsyncIterable<string>; readonly type: string }
  | { readonly empty: true }
);

/** @throws what the first of `lines` throws; later errors cut the answer off */
export async function writeReply(req: Request, res: Response, reply: Reply): Promise<void> {
  if ('lines' in reply) {
    await writeLines(req, res, reply);
    return;
  }
  writeHead(res, reply);
  if ('empty' in reply) {
    res.end();
    return;
  }
  const bytes = 'bytes' in reply ? reply.bytes : Buffer.from(JSON.stringify(reply.json));
  res.setHeader('Content-Type', 'bytes' in reply ? reply.type : MEDIA_TYPES.json);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

async function writeLines(req: Request, res: Response, reply: Extract<Reply, { lines: unknown }>): Promise<void> {
  const lines = reply.lines[Symbol.asyncIterator]();
  // the first line is fetched before anything is sent: until then a problem can still be answered
  const first = await lines.next();
  writeHead(res, reply);
  res.setHeader('Content-Type', reply.type);
  if (req.method === 'HEAD' || first.done === true) {
    await lines.return?.();
    res.end();
    return;
  }
  // pipeline alone listens seven times for the end of a response; with our own four, Node would warn of a leak
  res.setMaxListeners(MAX_LISTENERS);
  try {
    await pipeline(Readable.from(joined(first.value, lines)), res);
  } catch (error) {
    // a client that goes away is nobody's fault
    if (!isPrematureClose(error)) throw error;
  }
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

async function* joined(first: string, rest: AsyncIterator<string>): AsyncIterable<string> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function writeHead(res: Response, reply: Reply): void {
  res.status(reply.status);
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
}
