import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { parseWithSchema } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';

/** Requires that a body is of one media type; parameters like a charset are passed over. @throws MEDIA_TYPE */
export function requireMediaType(request: IncomingMessage, mediaType: string): void {
  const given = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (given === mediaType) return;
  throw new CountersignError('MEDIA_TYPE', `the body has to be ${mediaType}`, { details: { given: given ?? '' } });
}

/**
 * Reads a JSON body and narrows it.
 *
 * @throws BODY_TOO_LARGE, JSON_INVALID, INPUT_INVALID with a pointer
 */
export async function readJsonBody<T>(request: IncomingMessage, schema: z.ZodType<T>, maxBytes: number): Promise<T> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of limited(request, maxBytes)) chunks.push(chunk);
  const text = decode(Buffer.concat(chunks));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CountersignError('JSON_INVALID', 'the body is not JSON', { cause });
  }
  return parseWithSchema(schema, value, { code: 'INPUT_INVALID', what: 'body' });
}

/** The bytes of a body. @throws BODY_TOO_LARGE as soon as there are more than allowed */
export async function* limited(request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  // destroyOnReturn: an error half way must leave the connection open for its answer
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array))
      throw new CountersignError('INTERNAL', 'a body without an encoding gives bytes');
    length += chunk.length;
    if (length > maxBytes) {
      throw new CountersignError('BODY_TOO_LARGE', `the body has more than ${maxBytes} bytes`, {
        details: { maxBytes },
      });
    }
    yield chunk;
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CountersignError('JSON_INVALID', 'the body is not UTF-8', { cause });
  }
}
