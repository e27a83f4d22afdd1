import { CountersignError } from '../errors.js';
import { DEFAULT_DOSSIER_LIMITS, type DossierLimits } from './limits.js';

const LINE_FEED = 0x0a;

/**
 * Splits a stream of bytes into the lines of a dossier, without their line feeds; holds one line at a time.
 *
 * @throws JSON_TOO_LARGE a line, or all of it, beyond the limits
 * @throws DOSSIER_INVALID not UTF-8
 */
export async function* readDossierLines(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: DossierLimits = DEFAULT_DOSSIER_LIMITS,
): AsyncGenerator<string, void, undefined> {
  let pending: Uint8Array[] = [];
  let pendingLength = 0;
  let totalLength = 0;
  for await (const chunk of stream) {
    totalLength += chunk.length;
    if (totalLength > limits.maxTotalLength) throw tooLarge('the dossier', limits.maxTotalLength);
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (pendingLength + end - start > limits.maxLineLength)
        throw tooLarge('a line of the dossier', limits.maxLineLength);
      yield decodeLine([...pending, chunk.subarray(start, end)]);
      pending = [];
      pendingLength = 0;
      start = end + 1;
    }
    pending.push(chunk.subarray(start));
    pendingLength += chunk.length - start;
    if (pendingLength > limits.maxLineLength) throw tooLarge('a line of the dossier', limits.maxLineLength);
  }
  if (pendingLength > 0) yield decodeLine(pending);
}

function decodeLine(parts: readonly Uint8Array[]): string {
  try {
    // A byte order mark stays in the text, where the JSON parser refuses it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  } catch (cause) {
    throw new CountersignError('DOSSIER_INVALID', 'the dossier is not UTF-8', { cause });
  }
}

export function tooLarge(what: string, limit: number): CountersignError {
  return new CountersignError('JSON_TOO_LARGE', `${what} is longer than ${limit}`, { details: { limit } });
}
