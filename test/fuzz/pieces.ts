import type { Random } from '../support/random.js';

/** The same bytes, as they may arrive. */
export function piecesOf(input: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length;) {
    const length = random(400);
    pieces.push(input.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
