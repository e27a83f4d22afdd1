import { Edits } from './canonical-edits.js';
import { Members } from './canonical-members.js';
import { memberRefusalAt, refusalAt } from './canonical-refusal.js';
import { Scalars } from './canonical-scalars.js';
import { QUOTE } from './safe-characters.js';

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Reads one JSON document from `input`, checks that it is inside the safe subset, and returns how its
 * canonical form differs from it. One pass forward; no JavaScript value is made of what is read.
 *
 * @throws JSON_INVALID, JSON_DUPLICATE_KEY, JSON_TOO_DEEP, CANONICAL_UNSAFE, each with a JSON pointer
 */
export function scan(input: Buffer, maxDepth: number): Edits {
  const scanner = new Scanner(input, maxDepth);
  scanner.document();
  return scanner.edits;
}

/** Every method reads from a position and returns the position after what it read. */
class Scanner {
  readonly edits = new Edits();
  readonly #input: Buffer;
  readonly #members: Members;
  readonly #scalars: Scalars;
  readonly #maxDepth: number;
  /** Containers that are open. */
  #depth = 0;

  constructor(input: Buffer, maxDepth: number) {
    this.#input = input;
    this.#members = new Members(input);
    this.#scalars = new Scalars(input, this.edits);
    this.#maxDepth = maxDepth;
  }

  document(): void {
    const input = this.#input;
    if (input[0] === 0xef && input[1] === 0xbb && input[2] === 0xbf) {
      throw refusalAt(input, 0, 'JSON_INVALID', 'starts with a byte order mark');
    }
    const end = this.#space(this.#value(this.#space(0)));
    if (end !== input.length) throw refusalAt(input, end, 'JSON_INVALID', 'more bytes after the end of the document');
  }

  #value(position: number): number {
    switch (this.#input[position] ?? 0) {
      case QUOTE:
        return this.#scalars.string(position);
      case OPEN_BRACE:
        return this.#object(position);
      case OPEN_BRACKET:
        return this.#array(position);
      case LETTER_T:
        return this.#scalars.literal(position, 'true');
      case LETTER_F:
        return this.#scalars.literal(position, 'false');
      case LETTER_N:
        return this.#scalars.literal(position, 'null');
      default:
        return this.#scalars.number(position);
    }
  }

  #object(start: number): number {
    this.#enter(start);
    const edits = this.edits;
    const members = this.#members;
    const edit = edits.openObject(start);
    const first = members.count;
    let inOrder = true;

    let position = this.#space(start + 1);
    if (this.#input[position] === CLOSE_BRACE) {
      position++;
    } else {
      for (;;) {
        const member = this.#name(position);
        if (member > first && inOrder) inOrder = this.#isAfterPrevious(member);
        position = this.#space(this.#memberValue(member));
        const byte = this.#input[position++];
        if (byte === CLOSE_BRACE) break;
        if (byte !== COMMA) throw refusalAt(this.#input, position - 1, 'JSON_INVALID', 'expected , or } in an object');
        position = this.#space(position);
      }
    }

    if (inOrder) edits.closeInOrder(edit);
    else edits.closeReordered(edit, position, this.#sortMembers(first));
    members.truncate(first);
    this.#depth--;
    return position;
  }

  /** Reads a member's name and returns the number of the member it opens. */
  #name(start: number): number {
    if (this.#input[start] !== QUOTE) throw refusalAt(this.#input, start, 'JSON_INVALID', 'expected a member name');
    const members = this.#members;
    const firstEdit = this.edits.count;
    const escapesBefore = this.#scalars.escapes;
    const end = this.#scalars.string(start);
    const hasEscapes = this.#scalars.escapes > escapesBefore;
    members.open(start, end, hasEscapes, firstEdit);
    const member = members.count - 1;
    // JavaScript objects lose a member of this name, or change their prototype with it
    if (members.isNamed(member, '__proto__')) {
      throw memberRefusalAt(this.#input, start, 'CANONICAL_UNSAFE', 'a member may not be named __proto__');
    }
    return member;
  }

  /** Reads from a member's name to the end of its value. */
  #memberValue(member: number): number {
    const colon = this.#space(this.#members.ends[member] ?? 0);
    if (this.#input[colon] !== COLON) throw refusalAt(this.#input, colon, 'JSON_INVALID', 'expected : after a name');
    const end = this.#value(this.#space(colon + 1));
    this.#members.ends[member] = end;
    return end;
  }

  #isAfterPrevious(member: number): boolean {
    const order = this.#members.compare(member - 1, member);
    if (order === 0) throw this.#duplicate(member);
    return order < 0;
  }

  /** Notes the order in which the members from `first` on come out, in the form that Edits describes. */
  #sortMembers(first: number): number {
    const members = this.#members;
    const { orders } = this.edits;
    const sorted = members.sorted(first);
    const order = orders.length;
    orders.push(sorted.length);
    orders.push(this.edits.count);
    let previous = -1;
    for (const member of sorted) {
      // two members of one name are neighbours now, in any order
      if (previous !== -1 && members.compare(previous, member) === 0) throw this.#duplicate(Math.max(previous, member));
      orders.push(members.starts[member] ?? 0);
      orders.push(members.ends[member] ?? 0);
      orders.push(members.firstEdits[member] ?? 0);
      previous = member;
    }
    return order;
  }

  #duplicate(member: number): Error {
    const start = this.#members.starts[member] ?? 0;
    return memberRefusalAt(this.#input, start, 'JSON_DUPLICATE_KEY', 'the object has two members of this name');
  }

  #array(start: number): number {
    this.#enter(start);
    let position = this.#space(start + 1);
    if (this.#input[position] === CLOSE_BRACKET) {
      position++;
    } else {
      for (;;) {
        position = this.#space(this.#value(position));
        const byte = this.#input[position++];
        if (byte === CLOSE_BRACKET) break;
        if (byte !== COMMA) throw refusalAt(this.#input, position - 1, 'JSON_INVALID', 'expected , or ] in an array');
        position = this.#space(position);
      }
    }
    this.#depth--;
    return position;
  }

  #enter(start: number): void {
    if (this.#depth === this.#maxDepth) {
      const reason = `more than ${this.#maxDepth} objects and arrays inside each other`;
      throw refusalAt(this.#input, start, 'JSON_TOO_DEEP', reason);
    }
    this.#depth++;
  }

  /** Leaves out white space. */
  #space(start: number): number {
    const input = this.#input;
    let position = start;
    while (isSpace(input[position])) position++;
    if (position !== start) this.edits.drop(start, position);
    return position;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
