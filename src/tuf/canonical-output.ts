import { CountersignError } from '../errors.js';
import { EditKind, type Edits } from './canonical-edits.js';

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Below this a loop over bytes is faster than a call that copies a block. */
const SHORT = 48;

/** The input with its edits applied: a new buffer of exactly the output's length. */
export function applyEdits(input: Buffer, edits: Edits): Buffer {
  const writer = new Writer(input, edits);
  writer.range(0, input.length, 0);
  if (writer.written !== writer.output.length) {
    throw new CountersignError('INTERNAL', 'the canonical form came out with another length than its edits say');
  }
  return writer.output;
}

class Writer {
  readonly output: Buffer;
  written = 0;
  readonly #input: Buffer;
  readonly #edits: Edits;

  constructor(input: Buffer, edits: Edits) {
    this.#input = input;
    this.#edits = edits;
    // allocUnsafeSlow: not from the shared pool, and every byte is written (applyEdits checks it)
    this.output = Buffer.allocUnsafeSlow(input.length - edits.bytesSaved);
  }

  /** Writes the input's bytes `start` to `end`; `edit` is the first edit that starts at or after `start`. */
  range(start: number, end: number, edit: number): void {
    const { starts, ends, kinds, values, count } = this.#edits;
    let from = start;
    while (edit < count && at(starts, edit) < end) {
      this.#copy(from, at(starts, edit));
      from = at(ends, edit);
      const value = at(values, edit);
      if (kinds[edit] === EditKind.Reorder) {
        edit = this.#reordered(value);
        continue;
      }
      if (kinds[edit] === EditKind.Replace) this.#replacement(value);
      edit++;
    }
    this.#copy(from, end);
  }

  /** Writes an object in its new order and returns the first edit after it. */
  #reordered(order: number): number {
    const orders = this.#edits.orders.items;
    const members = at(orders, order);
    this.#byte(OPEN_BRACE);
    for (let member = 0; member < members; member++) {
      if (member > 0) this.#byte(COMMA);
      const place = order + 2 + member * 3;
      this.range(at(orders, place), at(orders, place + 1), at(orders, place + 2));
    }
    this.#byte(CLOSE_BRACE);
    return at(orders, order + 1);
  }

  #replacement(value: number): void {
    this.#byte(value & 0xff);
    if (value > 0xff) this.#byte(value >> 8);
  }

  #byte(byte: number): void {
    this.output[this.written++] = byte;
  }

  #copy(start: number, end: number): void {
    const input = this.#input;
    const output = this.output;
    let written = this.written;
    if (end - start < SHORT) {
      for (let from = start; from < end; from++) output[written++] = input[from] ?? 0;
    } else {
      input.copy(output, written, start, end);
      written += end - start;
    }
    this.written = written;
  }
}

/** An index that is known to be inside the list. */
function at(list: Int32Array, index: number): number {
  return list[index] ?? 0;
}
