import type { IncomingMessage } from 'node:http';
import { CountersignError } from '../errors.js';
import { collectBytes } from './collect-bytes.js';

/**
 * The whole body of an intercepted call.
 *
 * @throws BODY_TOO_LARGE, MEDIA_TYPE (compressed), INPUT_INVALID (the caller went before its end)
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (req.headers['content-encoding'] !== undefined) {
    throw new CountersignError('MEDIA_TYPE', 'the body must be sent as it is, without a Content-Encoding');
  }
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = await collectBytes(req.iterator({ destroyOnReturn: false }), maxBytes).catch((cause: unknown) => {
    throw new CountersignError('INPUT_INVALID', 'the body ended early', { cause });
  });
  if (bytes === null) throw tooLarge(maxBytes);
  return bytes;
}

function tooLarge(maxBytes: number): CountersignError {
  return new CountersignError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`, {
    hint: 'The limit is `limits.bodyMegabytes` of the service’s configuration.',
  });
}
