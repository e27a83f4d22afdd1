/** What must hold for every document, tried on random ones. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalize as rfc8785 } from 'json-canonicalize';
import { canonicalize, encodeCanonical, type JsonValue, parseCanonical } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { memberName, reference, valuesWithNames, writeLoosely } from '../support/json-texts.js';
import { createRandom } from '../support/random.js';

const SEED = 20261122;
const options = { seed: SEED, numRuns: 250 };

const value = valuesWithNames(memberName);

describe('canonical form of random values', () => {
  test("is json-canonicalize's, but for its members named toJSON", () => {
    const values = valuesWithNames(memberName.filter((name) => name !== 'toJSON'));
    fc.assert(
      fc.property(values, (json) => {
        expect(canonicalize(Buffer.from(JSON.stringify(json))).toString()).toBe(rfc8785(json));
      }),
      options,
    );
  });

  test('is what a plain reading of RFC 8785 gives', () => {
    fc.assert(
      fc.property(value, (json) => {
        expect(canonicalize(Buffer.from(JSON.stringify(json))).toString()).toBe(reference(json));
      }),
      options,
    );
  });

  test('does not depend on white space, order and escapes of the input', () => {
    fc.assert(
      fc.property(value, fc.integer(), (json, seed) => {
        const loose = Buffer.from(writeLoosely(json, createRandom(seed)));
        expect(canonicalize(loose).toString()).toBe(reference(json));
      }),
      options,
    );
  });

  test('parses to the value it was made of', () => {
    fc.assert(
      fc.property(value, fc.integer(), (json, seed) => {
        const parsed = parseCanonical(Buffer.from(writeLoosely(json, createRandom(seed))));
        expect(reference(parsed.value)).toBe(reference(json));
        expect(parsed.value).toEqual(json);
      }),
      options,
    );
  });

  test('is its own canonical form', () => {
    fc.assert(
      fc.property(value, (json) => {
        const bytes = encodeCanonical(json);
        expect(canonicalize(bytes)).toBe(bytes);
        expect(encodeCanonical(parseCanonical(bytes).value).equals(bytes)).toBe(true);
      }),
      options,
    );
  });
});

describe('hostile changes of random documents', () => {
  /** Puts `hostile` at the place of a random scalar of a loose text of `json`. */
  function withScalar(json: JsonValue, hostile: string, seed: number): string {
    const text = writeLoosely({ list: [json, 'PLACE'], object: { inner: json } }, createRandom(seed));
    const plain = /"(?:P|\\u0050)(?:L|\\u004[cC])(?:A|\\u0041)(?:C|\\u0043)(?:E|\\u0045)"/;
    expect(text).toMatch(plain);
    return text.replace(plain, () => hostile);
  }

  test.each([
    ['1.0', 'CANONICAL_UNSAFE'],
    ['1e0', 'CANONICAL_UNSAFE'],
    ['-0', 'CANONICAL_UNSAFE'],
    ['9007199254740993', 'CANONICAL_UNSAFE'],
    ['"\\ud800"', 'CANONICAL_UNSAFE'],
    ['"é"', 'CANONICAL_UNSAFE'],
    ['"<"', 'CANONICAL_UNSAFE'],
    ['{"__proto__":1}', 'CANONICAL_UNSAFE'],
    ['{"k":1,"k":1}', 'JSON_DUPLICATE_KEY'],
    ['{"k":1,"j":2,"\\u006b":1}', 'JSON_DUPLICATE_KEY'],
    ['['.repeat(65) + ']'.repeat(65), 'JSON_TOO_DEEP'],
    ['01', 'JSON_INVALID'],
    ['', 'JSON_INVALID'],
  ])('%s is refused wherever it stands', (hostile, code) => {
    fc.assert(
      fc.property(value, fc.integer(), (json, seed) => {
        const text = withScalar(json, hostile, seed);
        expect(codeOf(() => canonicalize(Buffer.from(text)))).toBe(code);
      }),
      { ...options, numRuns: 60 },
    );
  });
});
