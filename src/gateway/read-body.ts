import type { IncomingMessage } from 'node:http';
import { CountersignError } from '../errors.js';

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
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) continue;
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new CountersignError('INPUT_INVALID', 'the body ended early', { cause });
  }
  if (length > maxBytes) throw tooLarge(maxBytes);
  return Buffer.concat(chunks, length);
}

function tooLarge(maxBytes: number): CountersignError {
  return new CountersignError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`, {
    hint: 'The limit is `limits.bodyMegabytes` of the service’s configuration.',
  });
}
