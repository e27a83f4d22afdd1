import { grown } from './canonical-edits.js';

/** At most this many members are sorted by insertion, which beats a general sort on short lists. */
const FEW = 24;

/**
 * The members of all objects that are open, the innermost object's last. Names are kept as offsets and
 * compared as bytes, never decoded, unless they were written with escapes.
 */
export class Members {
  count = 0;
  /** Where a member starts (its name's opening quote) and ends (after its value; before that is read, after its name). */
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  /** The first edit in or after the member. */
  firstEdits = new Int32Array(256);
  /** Where the name's bytes stand: an offset in the input, or `~offset` in `#decoded`. */
  #names = new Int32Array(256);
  #nameLengths = new Int32Array(256);
  #order = new Int32Array(FEW);

  readonly #input: Buffer;
  #decoded = Buffer.alloc(256);
  #decodedLength = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  /** Adds a member whose name is the string literal from `start` to `nameEnd`, quotes included. */
  open(start: number, nameEnd: number, hasEscapes: boolean, firstEdit: number): void {
    if (this.count === this.starts.length) this.#grow();
    const member = this.count++;
    this.starts[member] = start;
    this.ends[member] = nameEnd;
    this.firstEdits[member] = firstEdit;
    if (hasEscapes) {
      const length = this.#decode(start, nameEnd);
      this.#names[member] = ~(this.#decodedLength - length);
      this.#nameLengths[member] = length;
    } else {
      this.#names[member] = start + 1;
      this.#nameLengths[member] = nameEnd - start - 2;
    }
  }

  /** Forgets the members from `first` on: their object has ended. */
  truncate(first: number): void {
    this.count = first;
    if (first === 0) this.#decodedLength = 0;
  }

  /** Below 0: member `a` sorts before `b`; 0: they have the same name. Byte order, which is RFC 8785's in ASCII. */
  compare(a: number, b: number): number {
    const lengthA = this.#nameLengths[a] ?? 0;
    const lengthB = this.#nameLengths[b] ?? 0;
    const nameA = this.#names[a] ?? 0;
    const nameB = this.#names[b] ?? 0;
    const bytesA = nameA >= 0 ? this.#input : this.#decoded;
    const bytesB = nameB >= 0 ? this.#input : this.#decoded;
    const startA = nameA >= 0 ? nameA : ~nameA;
    const startB = nameB >= 0 ? nameB : ~nameB;
    const shorter = Math.min(lengthA, lengthB);
    for (let i = 0; i < shorter; i++) {
      const difference = (bytesA[startA + i] ?? 0) - (bytesB[startB + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  /** The members from `first` to the last in the order of their names. The list is good until the next call. */
  sorted(first: number): Int32Array {
    const length = this.count - first;
    if (this.#order.length < length) this.#order = new Int32Array(length * 2);
    const order = this.#order.subarray(0, length);
    for (let i = 0; i < length; i++) order[i] = first + i;
    if (length > FEW) return order.sort((a, b) => this.compare(a, b));
    for (let i = 1; i < length; i++) {
      const member = order[i] ?? 0;
      let place = i;
      for (; place > 0; place--) {
        const before = order[place - 1] ?? 0;
        if (this.compare(before, member) <= 0) break;
        order[place] = before;
      }
      order[place] = member;
    }
    return order;
  }

  /** Whether the member's name is exactly these characters. */
  isNamed(member: number, name: string): boolean {
    if (this.#nameLengths[member] !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (this.#nameByte(member, i) !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  #nameByte(member: number, index: number): number {
    const name = this.#names[member] ?? 0;
    return (name >= 0 ? this.#input[name + index] : this.#decoded[~name + index]) ?? 0;
  }

  /** Appends the characters of a literal with escapes to `#decoded`; they are ASCII, the scanner checked. */
  #decode(start: number, nameEnd: number): number {
    const literal = this.#input.toString('latin1', start, nameEnd);
    const name = String(JSON.parse(literal));
    while (this.#decodedLength + name.length > this.#decoded.length) {
      this.#decoded = Buffer.concat([this.#decoded], this.#decoded.length * 2);
    }
    this.#decoded.write(name, this.#decodedLength, 'latin1');
    this.#decodedLength += name.length;
    return name.length;
  }

  #grow(): void {
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
    this.firstEdits = grown(this.firstEdits);
    this.#names = grown(this.#names);
    this.#nameLengths = grown(this.#nameLengths);
  }
}
