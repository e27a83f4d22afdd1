import { CountersignError } from '../../errors.js';

/** Where one member of the top-level object stands: byte offsets, end exclusive. `name` is unescaped. */
export interface MemberRange {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MAX_DEPTH = 32;
/** Beyond what any document's own parser takes; just so that hostile bytes are not walked to their end. */
const MAX_RAW_DEPTH = 500;
const MAX_MEMBERS = 100;
const MAX_LITERAL_BYTES = 32;
/** Whole numbers written the one way that every JSON reader agrees on: no fraction, no exponent, no -0. */
const PLAIN_LITERAL = /^(?:true|false|null|0|-?[1-9][0-9]*)$/;

/**
 * Finds the members of the top-level object of a JSON text without parsing their values, so that one of
 * them can be handed on as the bytes that were sent. What stands inside `rawMember` is only skipped;
 * elsewhere numbers must be plain integers. Depth and the number of members are bounded. The grammar
 * inside values is left to whoever parses them: each value that comes out here still has to pass a JSON parser.
 *
 * @throws INPUT_INVALID when the text is not an object; JSON_INVALID, JSON_DUPLICATE_KEY, JSON_TOO_DEEP
 */
export function splitMembers(bytes: Buffer, rawMember: string | null): MemberRange[] {
  let at = skipBlanks(bytes, 0);
  if (bytes[at] !== 0x7b) {
    throw new CountersignError('INPUT_INVALID', 'the body is not a JSON object', {
      pointer: '',
      hint: 'Send one JSON object in UTF-8, without a byte order mark.',
    });
  }
  const members: MemberRange[] = [];
  const names = new Set<string>();
  at = skipBlanks(bytes, at + 1);
  if (bytes[at] === 0x7d) return endOfText(bytes, at + 1, members);
  for (;;) {
    if (bytes[at] !== QUOTE) throw notJson(at);
    const nameEnd = skipString(bytes, at);
    const name = memberName(bytes, at, nameEnd);
    if (names.has(name)) {
      throw new CountersignError('JSON_DUPLICATE_KEY', 'a member stands twice in the body', {
        pointer: `/${escapePointer(name)}`,
      });
    }
    names.add(name);
    if (names.size > MAX_MEMBERS) {
      throw new CountersignError('INPUT_INVALID', `the body has more than ${MAX_MEMBERS} members`, { pointer: '' });
    }
    at = skipBlanks(bytes, nameEnd);
    if (bytes[at] !== COLON) throw notJson(at);
    const valueStart = skipBlanks(bytes, at + 1);
    const valueEnd = skipValue(bytes, valueStart, `/${escapePointer(name)}`, name === rawMember);
    members.push({ name, valueStart, valueEnd });
    at = skipBlanks(bytes, valueEnd);
    if (bytes[at] === 0x7d) return endOfText(bytes, at + 1, members);
    if (bytes[at] !== COMMA) throw notJson(at);
    at = skipBlanks(bytes, at + 1);
  }
}

/** Past one value; of a raw one only brackets and strings are looked at. */
function skipValue(bytes: Buffer, start: number, pointer: string, raw: boolean): number {
  const maxDepth = raw ? MAX_RAW_DEPTH : MAX_DEPTH;
  let depth = 0;
  let at = start;
  do {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth) {
        throw new CountersignError('JSON_TOO_DEEP', `more than ${maxDepth} levels of nesting`, { pointer });
      }
      at += 1;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) throw notJson(at);
      depth -= 1;
      at += 1;
    } else if (depth > 0 && (byte === COMMA || byte === COLON)) {
      at += 1;
    } else {
      at = skipLiteral(bytes, at, raw ? null : pointer);
    }
    if (depth > 0) at = skipBlanks(bytes, at);
  } while (depth > 0);
  return at;
}

/** Past a number or a word. `pointer` null: it stands in a raw member and is not judged. */
function skipLiteral(bytes: Buffer, start: number, pointer: string | null): number {
  let at = start;
  while (at < bytes.length && isLiteralByte(bytes[at])) at += 1;
  if (at === start) throw notJson(at);
  if (pointer !== null && !isPlainLiteral(bytes, start, at)) {
    throw new CountersignError('JSON_INVALID', 'neither a plain integer nor true, false or null', {
      pointer,
      hint: 'Write numbers as integers, without fraction or exponent.',
    });
  }
  return at;
}

function isPlainLiteral(bytes: Buffer, start: number, end: number): boolean {
  return end - start <= MAX_LITERAL_BYTES && PLAIN_LITERAL.test(bytes.toString('latin1', start, end));
}

function skipString(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) throw notJson(bytes.length);
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
    at = quote + 1;
    if (backslashes % 2 === 0) return at;
  }
}

function skipBlanks(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}

function isLiteralByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);
  return letter || (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

function memberName(bytes: Buffer, start: number, end: number): string {
  try {
    const name: unknown = JSON.parse(bytes.toString('utf8', start, end));
    if (typeof name === 'string') return name;
  } catch {
    // falls through to the one refusal
  }
  throw notJson(start);
}

function endOfText(bytes: Buffer, start: number, members: MemberRange[]): MemberRange[] {
  const at = skipBlanks(bytes, start);
  if (at !== bytes.length) throw notJson(at);
  return members;
}

function escapePointer(name: string): string {
  return name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}

function notJson(offset: number): CountersignError {
  return new CountersignError('JSON_INVALID', `not JSON at byte ${offset}`, {
    hint: 'Send one JSON object in UTF-8 (RFC 8259).',
    details: { offset },
  });
}
