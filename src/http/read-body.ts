import express, { type RequestHandler } from 'express';
import type { Operation } from '../api/index.js';
import { CountersignError } from '../errors.js';

const MAX_FORM_BYTES = 256 * 1024;

/**
 * Reads the body of an operation that has one, as bytes. A body that is not JSON by its Content-Type, is compressed
 * or is too large is refused before it is read.
 */
export function readBody({ body }: Operation, maxBodyBytes: number): RequestHandler[] {
  if (body === null) return [];
  const limit = body.as === 'bytes' ? maxBodyBytes : Math.min(MAX_FORM_BYTES, maxBodyBytes);
  return [requireJson, express.raw({ type: () => true, inflate: false, limit })];
}

/** The bytes that `readBody` left; none when no body was sent. */
export function bodyBytes(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

const requireJson: RequestHandler = (req, _res, next) => {
  const type = req.headers['content-type'];
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody || (type !== undefined && /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type))) {
    next();
    return;
  }
  next(
    new CountersignError('MEDIA_TYPE', 'the body must be JSON in UTF-8', {
      hint: 'Send `Content-Type: application/json`.',
    }),
  );
};
