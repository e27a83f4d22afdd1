import { CountersignError, type ErrorCode } from '../errors.js';
import { DEFAULT_MAX_DEPTH, jsonPointer } from './json.js';
import { isSafeString, whyUnsafe } from './safe-characters.js';

/**
 * The canonical bytes of a JavaScript value; see `canonicalize` for what they can hold.
 *
 * @param value null, booleans, safe integers, safe strings, arrays and plain objects of these
 * @throws JSON_INVALID for what JSON cannot say (undefined, NaN, functions, class instances, holes), JSON_TOO_DEEP
 *   (also for cycles), CANONICAL_UNSAFE; each with the JSON pointer of the offending value
 */
export function encodeCanonical(value: unknown): Buffer {
  const encoder = new Encoder();
  encoder.value(value);
  return Buffer.from(encoder.text, 'latin1');
}

class Encoder {
  text = '';
  /** Member names and indexes down to the value that is being written. */
  readonly #path: (string | number)[] = [];

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text += this.#string(value);
        return;
      case 'number':
        this.text += this.#integer(value);
        return;
      case 'boolean':
        this.text += value ? 'true' : 'false';
        return;
      case 'object':
        if (value === null) this.text += 'null';
        else if (Array.isArray(value)) this.#array(value);
        else this.#object(value);
        return;
      case 'bigint':
      case 'function':
      case 'symbol':
      case 'undefined':
        throw this.#refusal('JSON_INVALID', `JSON has no ${typeof value}`);
    }
  }

  #array(items: readonly unknown[]): void {
    this.#enter();
    this.text += '[';
    for (let index = 0; index < items.length; index++) {
      if (index > 0) this.text += ',';
      this.#path.push(index);
      this.value(items[index]);
      this.#path.pop();
    }
    this.text += ']';
  }

  #object(object: object): void {
    this.#enter();
    if (!isPlainObject(object)) throw this.#refusal('JSON_INVALID', 'not a plain object');
    const members = new Map<string, unknown>(Object.entries(object));
    this.text += '{';
    let first = true;
    // inside ASCII, the order of UTF-16 units that sort() uses is the order of bytes
    for (const name of [...members.keys()].sort()) {
      this.#path.push(name);
      if (name === '__proto__') throw this.#refusal('CANONICAL_UNSAFE', 'a member may not be named __proto__');
      this.text += `${first ? '' : ','}${this.#string(name)}:`;
      this.value(members.get(name));
      this.#path.pop();
      first = false;
    }
    this.text += '}';
  }

  #enter(): void {
    if (this.#path.length >= DEFAULT_MAX_DEPTH) {
      throw this.#refusal('JSON_TOO_DEEP', `more than ${DEFAULT_MAX_DEPTH} objects and arrays inside each other`);
    }
  }

  #string(text: string): string {
    if (isSafeString(text)) return JSON.stringify(text);
    for (const character of text) {
      if (isSafeString(character)) continue;
      throw this.#refusal('CANONICAL_UNSAFE', whyUnsafe(character.codePointAt(0) ?? 0));
    }
    throw this.#refusal('CANONICAL_UNSAFE', 'an unsafe string');
  }

  #integer(number: number): string {
    if (!Number.isFinite(number)) throw this.#refusal('JSON_INVALID', `JSON has no ${number}`);
    if (Object.is(number, -0)) throw this.#refusal('CANONICAL_UNSAFE', 'negative zero');
    if (!Number.isInteger(number)) throw this.#refusal('CANONICAL_UNSAFE', 'a number with a fraction');
    if (!Number.isSafeInteger(number)) {
      throw this.#refusal('CANONICAL_UNSAFE', 'an integer beyond 2^53-1, which some verifiers round');
    }
    return String(number);
  }

  #refusal(code: ErrorCode, reason: string): CountersignError {
    const pointer = jsonPointer(...this.#path);
    return new CountersignError(code, `${pointer === '' ? 'the value' : pointer}: ${reason}`, { pointer });
  }
}

/** An object literal, of this realm or another (jest), or one without a prototype; and without symbols. */
export function isPlainObject(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  const isLiteral = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isLiteral && Object.getOwnPropertySymbols(object).length === 0;
}
