import { isUtf8 } from 'node:buffer';
import { Edits } from './canonical-edits.js';
import { Members } from './canonical-members.js';
import { memberRefusalAt, refusalAt } from './canonical-refusal.js';
import { BACKSLASH, ESCAPE_LETTERS, PLAIN, QUOTE, whyUnsafe } from './safe-characters.js';

const COMMA = 0x2c;
const MINUS = 0x2d;
const SLASH = 0x2f;
const DIGIT_0 = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LETTER_B = 0x62;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_U = 0x75;
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
  readonly #maxDepth: number;
  /** Containers that are open. */
  #depth = 0;
  /** Escapes read so far; grows inside a string that has some. */
  #escapes = 0;

  constructor(input: Buffer, maxDepth: number) {
    this.#input = input;
    this.#members = new Members(input);
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
        return this.#string(position);
      case OPEN_BRACE:
        return this.#object(position);
      case OPEN_BRACKET:
        return this.#array(position);
      case LETTER_T:
        return this.#literal(position, 'true');
      case LETTER_F:
        return this.#literal(position, 'false');
      case LETTER_N:
        return this.#literal(position, 'null');
      default:
        return this.#number(position);
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
    const escapes = this.#escapes;
    const end = this.#string(start);
    members.open(start, end, this.#escapes !== escapes, firstEdit);
    const member = members.count - 1;
    // JavaScript objects lose a member of this name, or change their prototype with it
    if (members.isNamed(member, '__proto__')) {
      throw memberRefusalAt(this.#input, start, 'CANONICAL_UNSAFE', 'a member may not be named __proto__');
    }
    members.ends[member] = end;
    return member;
  }

  /** Reads from a member's name to the end of its value. */
  #memberValue(member: number): number {
    const colon = this.#space(this.#members.ends[member] ?? 0);
    if (this.#input[colon] !== COLON)
      throw refusalAt(this.#input, colon, 'JSON_INVALID', 'expected : after a member name');
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
      throw refusalAt(
        this.#input,
        start,
        'JSON_TOO_DEEP',
        `more than ${this.#maxDepth} objects and arrays inside each other`,
      );
    }
    this.#depth++;
  }

  #string(start: number): number {
    const input = this.#input;
    let position = start + 1;
    for (;;) {
      // four at a time, which is twice as fast as one at a time
      while (
        isPlain(input[position]) &&
        isPlain(input[position + 1]) &&
        isPlain(input[position + 2]) &&
        isPlain(input[position + 3])
      ) {
        position += 4;
      }
      while (isPlain(input[position])) position++;
      const byte = input[position];
      if (byte === QUOTE) return position + 1;
      if (byte !== BACKSLASH) throw this.#badCharacter(position);
      position = this.#escape(position);
    }
  }

  #escape(start: number): number {
    this.#escapes++;
    switch (this.#input[start + 1] ?? 0) {
      case QUOTE:
      case BACKSLASH:
      case LETTER_N:
      case 0x72: // r
      case LETTER_T:
        return start + 2;
      case SLASH:
        this.edits.drop(start, start + 1);
        return start + 2;
      case LETTER_B:
        throw refusalAt(this.#input, start, 'CANONICAL_UNSAFE', whyUnsafe(0x08));
      case LETTER_F:
        throw refusalAt(this.#input, start, 'CANONICAL_UNSAFE', whyUnsafe(0x0c));
      case LETTER_U:
        return this.#unicodeEscape(start);
      default:
        throw refusalAt(this.#input, start, 'JSON_INVALID', 'a backslash before a character that it cannot escape');
    }
  }

  /** `\uXXXX`: canonical form writes every character of the subset in a shorter way. */
  #unicodeEscape(start: number): number {
    const end = start + 6;
    let character = 0;
    for (let position = start + 2; position < end; position++) {
      const digit = hexDigit(this.#input[position]);
      if (digit < 0) throw refusalAt(this.#input, start, 'JSON_INVALID', '\\u without four hexadecimal digits');
      character = character * 16 + digit;
    }
    const letter = ESCAPE_LETTERS.get(character);
    if (letter !== undefined) this.edits.replace(start, end, BACKSLASH, letter);
    else if (isPlain(character)) this.edits.replace(start, end, character, 0);
    else throw refusalAt(this.#input, start, 'CANONICAL_UNSAFE', whyUnsafe(character));
    return end;
  }

  /** The byte at `position` ends no string and may not stand in one. */
  #badCharacter(position: number): Error {
    const input = this.#input;
    const byte = input[position];
    if (byte === undefined) return refusalAt(input, position, 'JSON_INVALID', 'ends inside a string');
    if (byte < 0x20) return refusalAt(input, position, 'JSON_INVALID', `unescaped ${whyUnsafe(byte)} in a string`);
    if (byte < 0x80) return refusalAt(input, position, 'CANONICAL_UNSAFE', whyUnsafe(byte));
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const sequence = input.subarray(position, position + length);
    if (!isUtf8(sequence)) return refusalAt(input, position, 'JSON_INVALID', 'not UTF-8');
    const codePoint = new TextDecoder().decode(sequence).codePointAt(0) ?? 0;
    return refusalAt(input, position, 'CANONICAL_UNSAFE', whyUnsafe(codePoint));
  }

  #number(start: number): number {
    const input = this.#input;
    const negative = input[start] === MINUS;
    const firstDigit = negative ? start + 1 : start;
    let position = firstDigit;
    let magnitude = 0;
    for (let digit = digitAt(input, position); digit >= 0; digit = digitAt(input, position)) {
      // rounds beyond 2^53, but never back below it
      magnitude = magnitude * 10 + digit;
      position++;
    }
    if (position === firstDigit) throw this.#noValue(start);
    if (input[firstDigit] === DIGIT_0 && position > firstDigit + 1) {
      throw refusalAt(input, start, 'JSON_INVALID', 'a number with a leading zero');
    }
    if (isNumberByte(input[position])) throw this.#notInteger(start);
    if (negative && magnitude === 0) throw refusalAt(input, start, 'CANONICAL_UNSAFE', 'negative zero');
    if (magnitude > Number.MAX_SAFE_INTEGER) {
      throw refusalAt(input, start, 'CANONICAL_UNSAFE', 'an integer beyond 2^53-1, which some verifiers round');
    }
    return position;
  }

  #noValue(position: number): Error {
    const reason = position >= this.#input.length ? 'ends where a value is expected' : 'expected a value';
    return refusalAt(this.#input, position, 'JSON_INVALID', reason);
  }

  /** A fraction, an exponent, or no JSON number at all. */
  #notInteger(start: number): Error {
    let end = start;
    while (isNumberByte(this.#input[end])) end++;
    const text = this.#input.toString('latin1', start, end);
    return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)
      ? refusalAt(this.#input, start, 'CANONICAL_UNSAFE', 'a number with a fraction or an exponent')
      : refusalAt(this.#input, start, 'JSON_INVALID', 'not a number');
  }

  #literal(start: number, text: string): number {
    for (let i = 0; i < text.length; i++) {
      if (this.#input[start + i] !== text.charCodeAt(i)) throw this.#noValue(start);
    }
    return start + text.length;
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

function isPlain(byte: number | undefined): boolean {
  return PLAIN[byte ?? 0] === 1;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function digitAt(input: Buffer, position: number): number {
  const digit = (input[position] ?? 0) - DIGIT_0;
  return digit <= 9 ? digit : -1;
}

/** A byte that can go on a number: a digit, `.`, `+`, `-`, `e`, `E`. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2b || byte === MINUS || (byte | 0x20) === 0x65;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
