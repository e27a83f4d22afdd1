/** How one stretch of the input differs in the output. */
export const EditKind = {
  /** The bytes are left out: white space, the backslash of `\/`. */
  Drop: 0,
  /** The bytes become one character or one two-byte escape: `\u0041` is `A`, `\u000a` is `\n`. */
  Replace: 1,
  /** The bytes are an object whose members come out in another order. */
  Reorder: 2,
} as const;

/** A list of integers that grows; plain arrays would cost three times the memory. */
class IntList {
  items = new Int32Array(256);
  length = 0;

  push(item: number): void {
    if (this.length === this.items.length) this.items = grown(this.items);
    this.items[this.length++] = item;
  }
}

/**
 * The differences between an input and its canonical form, in the order of their place in the input.
 * Edit `i` concerns the bytes `starts[i]` to `ends[i]` (exclusive). `values[i]` is, by kind:
 * - Drop: unused;
 * - Replace: the replacing byte, or escape letter * 256 + backslash;
 * - Reorder: an index into `orders`, where stand the number of members, the first edit after
 *   the object, and for each member, sorted: its start, its end, the first edit in or after it.
 */
export class Edits {
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  kinds = new Uint8Array(256);
  values = new Int32Array(256);
  count = 0;
  readonly orders = new IntList();
  /** Bytes by which the output is shorter than the input. */
  bytesSaved = 0;

  drop(start: number, end: number): void {
    this.bytesSaved += end - start;
    this.#append(start, end, EditKind.Drop, 0);
  }

  /** `letter` 0: the bytes become `byte`; otherwise they become `byte` (a backslash) and `letter`. */
  replace(start: number, end: number, byte: number, letter: number): void {
    this.bytesSaved += end - start - (letter === 0 ? 1 : 2);
    this.#append(start, end, EditKind.Replace, byte | (letter << 8));
  }

  /**
   * Takes the place of an object's edit when the object opens, because only its end tells whether
   * its members are in order, and edits stand in the order of their starts.
   */
  openObject(start: number): number {
    this.#append(start, start, EditKind.Drop, 0);
    return this.count - 1;
  }

  /** The object's members were in order. Its edit vanishes, or stays as a drop of nothing if others follow it. */
  closeInOrder(edit: number): void {
    if (this.count === edit + 1) this.count = edit;
  }

  /** The object ends before `end` and its members come out as written to `orders` from `order` on. */
  closeReordered(edit: number, end: number, order: number): void {
    this.ends[edit] = end;
    this.kinds[edit] = EditKind.Reorder;
    this.values[edit] = order;
  }

  #append(start: number, end: number, kind: number, value: number): void {
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.values[this.count] = value;
    this.count++;
  }

  #grow(): void {
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
    this.values = grown(this.values);
    const kinds = new Uint8Array(this.kinds.length * 2);
    kinds.set(this.kinds);
    this.kinds = kinds;
  }
}

export function grown(list: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(list.length * 2);
  larger.set(list);
  return larger;
}
