import { canonicalize } from 'json-canonicalize';
import { CountersignError, type ErrorCode } from '../errors.js';
import { isPlainObject } from './encode-canonical.js';
import {
  DEFAULT_MAX_DEPTH,
  effectiveLimits,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
  pointerTo,
} from './json.js';

/**
 * Documents of our own (statement, policy, journal) as RFC 8785 text. People write reasons and names in them,
 * so strings may hold any script; but nothing that could make a screen show other than what is signed.
 */

export interface TextOptions {
  /**
   * Whether strings may hold line feeds, as armored signatures and PEM keys do. Off for whatever a person reads:
   * a reason of several lines could imitate the lines around it.
   */
  readonly lineFeeds?: boolean;
}

/**
 * The characters that no string may hold: controls (Cc), formats (Cf: direction overrides, zero width), private
 * use (Co), surrogates (Cs), noncharacters, line and paragraph separators (Zl, Zp).
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;
const FORBIDDEN_BUT_LINE_FEED = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/** Holds nothing that is forbidden, and is by far the quicker question. Member names, which are ours, hold nothing else. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/** `__proto__` would be lost in JavaScript; json-canonicalize does not sort an object that has a member `toJSON`. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'toJSON']);

/**
 * The RFC 8785 text of a value.
 *
 * @param value null, booleans, safe integers, strings, arrays and plain objects of these
 * @throws JSON_INVALID for what JSON cannot say, JSON_TOO_DEEP, CANONICAL_UNSAFE for forbidden characters, fractions,
 *   unsafe integers; each with the JSON pointer of the offending value
 */
export function encodeText(value: unknown, options: TextOptions = {}): string {
  return canonicalize(checkedCopy(value, '', 0, DEFAULT_MAX_DEPTH, options));
}

/**
 * The value of an RFC 8785 text. It must be its own canonical form, byte for byte: so duplicate names, white space,
 * other orders, escapes and numbers, and a byte order mark are all refused.
 *
 * @param input the text, or its UTF-8 bytes
 * @throws JSON_INVALID, JSON_TOO_LARGE, JSON_TOO_DEEP, CANONICAL_UNSAFE
 */
export function parseText(input: Uint8Array | string, options: JsonLimits & TextOptions = {}): JsonValue {
  const { maxBytes, maxDepth } = effectiveLimits(options);
  const length = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (length > maxBytes) throw refusal('JSON_TOO_LARGE', '', `${length} bytes; ${maxBytes} are allowed`);
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  if (deepestNesting(text) > maxDepth) {
    throw refusal('JSON_TOO_DEEP', '', `more than ${maxDepth} objects and arrays inside each other`);
  }
  const value = checkedCopy(parseJson(text), '', 0, maxDepth, options);
  const canonical = canonicalize(value);
  if (canonical !== text) {
    let at = 0;
    while (canonical[at] === text[at]) at++;
    throw refusal('CANONICAL_UNSAFE', '', `is not its own canonical form (RFC 8785), first at character ${at}`);
  }
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // ignoreBOM keeps a byte order mark in the text, where it is refused
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refusal('JSON_INVALID', '', 'is not UTF-8', cause);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal('JSON_INVALID', '', 'is not JSON', cause);
  }
}

/** How many brackets are open at the same time, at most; brackets in strings do not count. */
function deepestNesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}

/**
 * A copy of `value`, once it is sure that JSON can say it. A copy, because json-canonicalize takes one object that
 * stands in two places for a cycle, and because a getter could give another value the second time.
 */
function checkedCopy(
  value: unknown,
  pointer: string,
  depth: number,
  maxDepth: number,
  options: TextOptions,
): JsonValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return checkedString(value, pointer, options);
  if (typeof value === 'number') return checkedInteger(value, pointer);
  if (typeof value !== 'object') throw refusal('JSON_INVALID', pointer, `JSON has no ${typeof value}`);
  if (depth >= maxDepth) {
    throw refusal('JSON_TOO_DEEP', pointer, `more than ${maxDepth} objects and arrays inside each other`);
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item: unknown, index) =>
      checkedCopy(item, pointerTo(pointer, index), depth + 1, maxDepth, options),
    );
  }
  if (!isPlainObject(value)) throw refusal('JSON_INVALID', pointer, 'not a plain object');
  const copy: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const memberPointer = pointerTo(pointer, name);
    if (!PRINTABLE_ASCII.test(name))
      throw refusal('CANONICAL_UNSAFE', pointer, 'a member name that is not printable ASCII');
    if (FORBIDDEN_NAMES.has(name)) throw refusal('CANONICAL_UNSAFE', memberPointer, 'a member may not have this name');
    copy[name] = checkedCopy(member, memberPointer, depth + 1, maxDepth, options);
  }
  return copy;
}

function checkedString(text: string, pointer: string, options: TextOptions): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  const forbidden = (options.lineFeeds === true ? FORBIDDEN_BUT_LINE_FEED : FORBIDDEN).exec(text)?.[0];
  if (forbidden === undefined) return text;
  const codePoint = (forbidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw refusal('CANONICAL_UNSAFE', pointer, `holds U+${codePoint}, a control, format or unassigned character`);
}

function checkedInteger(number: number, pointer: string): number {
  if (!Number.isFinite(number)) throw refusal('JSON_INVALID', pointer, `JSON has no ${number}`);
  if (!Number.isSafeInteger(number) || Object.is(number, -0)) {
    throw refusal('CANONICAL_UNSAFE', pointer, 'not an integer within ±(2^53-1)');
  }
  return number;
}

function refusal(code: ErrorCode, pointer: string, reason: string, cause?: unknown): CountersignError {
  const place = pointer === '' ? 'the text' : pointer;
  return new CountersignError(code, `${place}: ${reason}`, { pointer, cause });
}
