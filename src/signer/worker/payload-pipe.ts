import { readSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * What many signatures are made over comes through a pipe of its own, as bare bytes: the IPC channel would have the worker build a value of
 * each message and throw it away, which takes a fifth of the time of a fast signature.
 */

/** Where the worker finds the pipe: behind stdin, stdout, stderr and the IPC channel. */
export const PAYLOAD_FD = 4;

/** Before each payload: the id of its request, which of that request's payloads it is, and its length; each a uint32 in network order. */
const HEADER_BYTES = 12;

/** Hands all payloads of a request over; they leave as fast as the worker reads. */
export function writePayloads(pipe: Writable, id: number, payloads: readonly Uint8Array[]): void {
  pipe.cork();
  for (const [index, payload] of payloads.entries()) {
    pipe.write(headerOf(id, index, payload.length));
    pipe.write(payload);
  }
  pipe.uncork();
}

function headerOf(...fields: [id: number, index: number, length: number]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  for (const [place, field] of fields.entries()) header.writeUInt32BE(field, place * 4);
  return header;
}

/** What is read at once: about what the pipe holds, so that it is filled again while all of this is signed. */
const ROOM_BYTES = 256 * 1024;

/** The worker's end of it. */
export class PayloadPipe {
  /** All is read into the same memory: new memory for each payload would cost more than reading it. */
  #room = Buffer.alloc(ROOM_BYTES);
  /** What of it was read and not taken yet. */
  #start = 0;
  #end = 0;
  /** Set while it is read, and for good once that failed. */
  #isBroken = false;

  constructor(private readonly fd: number = PAYLOAD_FD) {}

  /**
   * The payloads of a request, waited for one after another. Those that are left when the caller stops early are read and thrown away, for the
   * next request's come behind them.
   *
   * @param lengths of the payloads in bytes, as the request says
   * @returns the bytes of each until the next one is read
   * @throws Error if the signer is gone, or something else comes: then nothing that comes is to be signed any more
   */
  *take(id: number, lengths: readonly number[]): Generator<Buffer, void, undefined> {
    const left = lengths.entries();
    try {
      for (const [index, length] of left) yield this.#next(id, index, length);
    } finally {
      if (!this.#isBroken) for (const [index, length] of left) this.#next(id, index, length);
    }
  }

  #next(id: number, index: number, length: number): Buffer {
    if (this.#isBroken) throw new Error('the pipe with the payloads failed before');
    this.#isBroken = true;
    const header = this.#read(HEADER_BYTES);
    if (!headerOf(id, index, length).equals(header)) {
      throw new Error('the pipe has another payload than the one that is due');
    }
    const payload = this.#read(length);
    this.#isBroken = false;
    return payload;
  }

  /** So many bytes, until the next are read. */
  #read(count: number): Buffer {
    if (this.#start + count > this.#room.length) this.#moveToFront(count);
    while (this.#end - this.#start < count) {
      const read = readSync(this.fd, this.#room, this.#end, this.#room.length - this.#end, null);
      if (read === 0) throw new Error('the pipe with the payloads was closed');
      this.#end += read;
    }
    const from = this.#start;
    this.#start += count;
    return this.#room.subarray(from, this.#start);
  }

  #moveToFront(count: number): void {
    const room = this.#room.length < count ? Buffer.alloc(count) : this.#room;
    this.#room.copy(room, 0, this.#start, this.#end);
    this.#room = room;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
