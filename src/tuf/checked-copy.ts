import { CountersignError, type ErrorCode } from '../errors.js';
import { isPlainObject } from './encode-canonical.js';
import { jsonPointer, type JsonObject, type JsonValue } from './json.js';

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
 * A copy of `value`, once it is sure that JSON can say it and people can read it. A copy, because json-canonicalize takes one object that
 * stands in two places for a cycle, and because a getter could give another value the second time.
 *
 * @throws JSON_INVALID, JSON_TOO_DEEP, CANONICAL_UNSAFE with the JSON pointer of the offending value
 */
export function checkedCopy(value: unknown, maxDepth: number, options: TextOptions): JsonValue {
  return new Copier(maxDepth, options.lineFeeds === true ? FORBIDDEN_BUT_LINE_FEED : FORBIDDEN).copy(value);
}

class Copier {
  /** Member names and indexes down to the value that is being copied. */
  readonly #path: (string | number)[] = [];

  constructor(
    private readonly maxDepth: number,
    private readonly forbidden: RegExp,
  ) {}

  copy(value: unknown): JsonValue {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.#checkedString(value);
    if (typeof value === 'number') return this.#checkedInteger(value);
    if (typeof value !== 'object') throw this.#refusal('JSON_INVALID', `JSON has no ${typeof value}`);
    if (this.#path.length >= this.maxDepth) {
      throw this.#refusal('JSON_TOO_DEEP', `more than ${this.maxDepth} objects and arrays inside each other`);
    }
    if (Array.isArray(value)) return Array.from(value, (item: unknown, index) => this.#copyAt(index, item));
    return this.#copyObject(value);
  }

  #copyObject(value: object): JsonObject {
    if (!isPlainObject(value)) throw this.#refusal('JSON_INVALID', 'not a plain object');
    const copy: JsonObject = {};
    for (const [name, member] of Object.entries(value)) {
      if (!PRINTABLE_ASCII.test(name))
        throw this.#refusal('CANONICAL_UNSAFE', 'a member name that is not printable ASCII');
      if (FORBIDDEN_NAMES.has(name))
        throw refusedText('CANONICAL_UNSAFE', [...this.#path, name], 'a member may not have this name');
      copy[name] = this.#copyAt(name, member);
    }
    return copy;
  }

  #copyAt(token: string | number, value: unknown): JsonValue {
    this.#path.push(token);
    const copy = this.copy(value);
    this.#path.pop();
    return copy;
  }

  #checkedString(text: string): string {
    if (PRINTABLE_ASCII.test(text)) return text;
    const forbidden = this.forbidden.exec(text)?.[0];
    if (forbidden === undefined) return text;
    const codePoint = (forbidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    throw this.#refusal('CANONICAL_UNSAFE', `holds U+${codePoint}, a control, format or unassigned character`);
  }

  #checkedInteger(number: number): number {
    if (!Number.isFinite(number)) throw this.#refusal('JSON_INVALID', `JSON has no ${number}`);
    if (!Number.isSafeInteger(number) || Object.is(number, -0)) {
      throw this.#refusal('CANONICAL_UNSAFE', 'not an integer within ±(2^53-1)');
    }
    return number;
  }

  #refusal(code: ErrorCode, reason: string): CountersignError {
    return refusedText(code, this.#path, reason);
  }
}

/** @param path of the offending value: member names and indexes */
export function refusedText(
  code: ErrorCode,
  path: readonly (string | number)[],
  reason: string,
  cause?: unknown,
): CountersignError {
  const pointer = jsonPointer(...path);
  const place = pointer === '' ? 'the text' : pointer;
  return new CountersignError(code, `${place}: ${reason}`, { pointer, cause });
}
