const PIECE_BYTES = 64 * 1024;

/**
 * What goes into a fetch for a JSON body. A large one goes in pieces, because only then is it known that it is on its way; its length
 * stands in the head all the same.
 *
 * @param heard called for each piece that was taken
 */
export function sentBody(
  body: Uint8Array | undefined,
  heard: () => void,
): Pick<RequestInit, 'duplex'> & { headers: Record<string, string>; body?: Uint8Array | ReadableStream<Uint8Array> } {
  if (body === undefined) return { headers: {} };
  if (body.length <= PIECE_BYTES) return { headers: { 'content-type': 'application/json' }, body };
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  let start = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      heard();
      if (start < body.length) controller.enqueue(body.slice(start, start + PIECE_BYTES));
      start += PIECE_BYTES;
      if (start >= body.length) controller.close();
    },
  });
  return { headers, body: stream, duplex: 'half' };
}
