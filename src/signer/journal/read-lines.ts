import type { FileHandle } from 'node:fs/promises';
import { MAX_LINE_BYTES, damaged } from './line.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;

/** What stands between two newlines, or after the last one. */
export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** Without the newline. */
  readonly bytes: Buffer;
  /** Offset of the first byte after this line and its newline. */
  readonly end: number;
  /** False for the torn tail: bytes at the end of the file without a newline. */
  readonly whole: boolean;
}

/**
 * The lines of a journal from its start, a chunk of the file at a time.
 *
 * @throws JOURNAL_DAMAGED a line is longer than any that a signer writes
 */
export async function* readLines(file: FileHandle): AsyncGenerator<FileLine> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let number = 1;
  for await (const chunk of chunks(file)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = rest.indexOf(NEWLINE); to >= 0; to = rest.indexOf(NEWLINE, from)) {
      const bytes = rest.subarray(from, to);
      offset += bytes.length + 1;
      yield { number, bytes, end: offset, whole: true };
      number++;
      from = to + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > MAX_LINE_BYTES) throw damaged(number, 'it is too long');
  }
  if (rest.length > 0) yield { number, bytes: rest, end: offset + rest.length, whole: false };
}

async function* chunks(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
