import { CountersignError } from '../errors.js';

export interface BodyLimits {
  readonly maxBytes: number;
  /** How the call is named in a message. */
  readonly where: string;
}

/**
 * The body of an answer as it arrives, counted (after decompression), so that neither a wrong length nor a compressed bomb can fill
 * the memory.
 *
 * @param heard called for each piece
 * @throws FACTORY_ANSWER_INVALID when there are more than `maxBytes`
 */
export async function* bodyOf(
  response: Response,
  { maxBytes, where }: BodyLimits,
  heard: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (response.body === null) return;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      heard();
      length += next.value.byteLength;
      if (length > maxBytes) {
        throw new CountersignError('FACTORY_ANSWER_INVALID', `${where}: the answer is longer than ${maxBytes} bytes`, {
          details: { maxAnswerBytes: maxBytes },
        });
      }
      yield next.value;
    }
  } finally {
    // whoever does not want the rest has it stopped; after the end this does nothing
    await reader.cancel().catch(() => undefined);
  }
}

export async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
