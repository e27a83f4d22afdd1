import type { WorkerRequest, WorkerTask } from './protocol.js';

/** About what a pipe takes at once. */
const PIECE_BYTES = 128 * 1024;

/**
 * A request as the messages that it is sent in: one, unless it has many payloads to sign.
 *
 * @param id of the request
 */
export function splitRequest(id: number, task: WorkerTask): WorkerRequest[] {
  if (task.type !== 'sign-all') return [{ id, task }];
  const [first = [], ...later] = piecesOf(task.payloads);
  const more = task.payloads.length - first.length;
  return [{ id, task: { ...task, payloads: first }, more }, ...later.map((payloads) => ({ id, payloads }))];
}

function piecesOf(payloads: readonly Uint8Array[]): Uint8Array[][] {
  const pieces: Uint8Array[][] = [];
  let room = 0;
  for (const payload of payloads) {
    const piece = pieces.at(-1);
    if (piece !== undefined && payload.length <= room) piece.push(payload);
    else {
      pieces.push([payload]);
      room = PIECE_BYTES;
    }
    room -= payload.length;
  }
  return pieces;
}
