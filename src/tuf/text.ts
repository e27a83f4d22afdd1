import { canonicalize } from 'json-canonicalize';
import type { CountersignError, ErrorCode } from '../errors.js';
import { checkedCopy, refusedText, type TextOptions } from './checked-copy.js';
import { DEFAULT_MAX_DEPTH, effectiveLimits, type JsonLimits, type JsonValue } from './json.js';

/**
 * Documents of our own (statement, policy, journal) as RFC 8785 text. People write reasons and names in them,
 * so strings may hold any script; but nothing that could make a screen show other than what is signed.
 */

/**
 * The RFC 8785 text of a value.
 *
 * @param value null, booleans, safe integers, strings, arrays and plain objects of these
 * @throws JSON_INVALID for what JSON cannot say, JSON_TOO_DEEP, CANONICAL_UNSAFE for forbidden characters, fractions,
 *   unsafe integers; each with the JSON pointer of the offending value
 */
export function encodeText(value: unknown, options: TextOptions = {}): string {
  return canonicalize(checkedCopy(value, DEFAULT_MAX_DEPTH, options));
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
  if (length > maxBytes) throw refusal('JSON_TOO_LARGE', `${length} bytes; ${maxBytes} are allowed`);
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  if (deepestNesting(text) > maxDepth) {
    throw refusal('JSON_TOO_DEEP', `more than ${maxDepth} objects and arrays inside each other`);
  }
  const value = checkedCopy(parseJson(text), maxDepth, options);
  const canonical = canonicalize(value);
  if (canonical !== text) {
    let at = 0;
    while (canonical[at] === text[at]) at++;
    throw refusal('CANONICAL_UNSAFE', `is not its own canonical form (RFC 8785), first at character ${at}`);
  }
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // ignoreBOM keeps a byte order mark in the text, where it is refused
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refusal('JSON_INVALID', 'is not UTF-8', cause);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal('JSON_INVALID', 'is not JSON', cause);
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

function refusal(code: ErrorCode, reason: string, cause?: unknown): CountersignError {
  return refusedText(code, [], reason, cause);
}
