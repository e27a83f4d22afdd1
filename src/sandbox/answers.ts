import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from '../telemetry/index.js';
import { encodeCanonical } from '../tuf/index.js';
import { Refusal } from './refusal.js';

/** Sends `value` as canonical JSON, which is what the recordings show. */
export function sendJson(response: Response, status: number, value: unknown): void {
  sendDocument(response, status, encodeCanonical(value));
}

/** Sends bytes that are canonical JSON already. */
export function sendDocument(response: Response, status: number, bytes: Uint8Array | string): void {
  response.status(status).type('application/json').send(Buffer.from(bytes));
}

/**
 * Sends metadata texts by name as one answer: `{name: {signatures, signed}}`. They may be everything in production, and are never
 * put together here.
 */
export async function sendDocuments(
  response: Response,
  documents: readonly (readonly [name: string, text: string])[],
): Promise<void> {
  response.status(200).type('application/json');
  try {
    await pipeline(Readable.from(listText(documents)), response);
  } catch (error) {
    // a caller that goes away is nobody's fault
    if (!response.destroyed) throw error;
  }
}

function* listText(documents: readonly (readonly [name: string, text: string])[]): Generator<string> {
  const sorted = [...new Map(documents)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [index, [name, text]] of sorted.entries()) {
    yield `${index === 0 ? '{' : ','}${encodeCanonical(name).toString()}:${text}`;
  }
  yield sorted.length === 0 ? '{}' : '}';
}

/** `{message, errors?}`, the shape from which fioctl prints its lines. What a caller sent in may stand in the texts. */
export function sendRefusal(response: Response, status: number, message: string, errors: readonly string[] = []): void {
  sendJson(response, status, {
    message: plain(message),
    ...(errors.length === 0 ? {} : { errors: errors.map(plain) }),
  });
}

/** A handler whose promise is awaited by Express 5; only here for its type. */
export function handler(handle: (request: Request, response: Response) => void | Promise<void>): RequestHandler {
  return (request, response) => handle(request, response);
}

/** The one place where an error becomes an answer. Whatever a body holds, its sender is told a 4xx. */
export function errorHandler(logger: Logger) {
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) {
      next(error);
    } else if (error instanceof Refusal) {
      sendRefusal(response, error.status, error.message, error.errors);
    } else {
      const status = statusOf(error);
      if (status >= 500) logger.error('request failed', { error });
      sendRefusal(response, status, status >= 500 ? 'Internal error' : 'The request cannot be read');
    }
  };
}

/** Express and its parsers put the status of a caller's mistake (broken escape, too large, gzip) on the error. */
function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('status' in error)) return 500;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500 ? error.status : 500;
}

/** Canonical answers hold the safe subset only, and a text may quote anything. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]|[<>&]/g, '?').slice(0, 500);
}
