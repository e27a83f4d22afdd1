import { CountersignError } from '../errors.js';

/**
 * The whole body of an answer, counted while it arrives (after decompression), so that neither a wrong length nor a
 * compressed bomb can fill the memory.
 *
 * @throws FACTORY_ANSWER_INVALID when there are more than `maxBytes`
 */
export async function readBody(response: Response, maxBytes: number, where: string): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0);
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks, length);
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw new CountersignError('FACTORY_ANSWER_INVALID', `${where}: the answer is longer than ${maxBytes} bytes`, {
        details: { maxAnswerBytes: maxBytes },
      });
    }
    chunks.push(value);
  }
}
