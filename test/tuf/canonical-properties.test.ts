/** What must hold for every document, tried on random ones. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalize as rfc8785 } from 'json-canonicalize';
import { isCountersignError } from '../../src/errors.js';
import { canonicalize, encodeCanonical, type JsonValue, parseCanonical } from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';

const SEED = 20261122;
const options = { seed: SEED, numRuns: 250 };

const SAFE = Array.from({ length: 0x7f }, (_, code) => String.fromCharCode(code)).filter(
  (character) => /[\t\n\r -~]/.test(character) && !/[<>&]/.test(character),
);
const safeString = fc.string({ unit: fc.constantFrom(...SAFE), maxLength: 12 });
const memberName = fc
  .oneof(safeString, fc.constantFrom('a', 'b', 'ab', 'a/b', 'toJSON', 'constructor', '1', '10', '9', '_proto_'))
  .filter((name) => name !== '__proto__');
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.maxSafeInteger(),
  safeString,
);

function valuesWithNames(names: fc.Arbitrary<string>): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue; list: JsonValue; object: JsonValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, scalar, tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 6 }),
    object: fc
      .uniqueArray(fc.tuple(names, tie('value')), { maxLength: 40, selector: ([name]) => name })
      .map((members) => Object.fromEntries(members)),
  })).value;
}

const value = valuesWithNames(memberName);

/** A plain reading of RFC 8785 for values in the subset; unlike json-canonicalize it sorts beside `toJSON` too. */
function reference(json: JsonValue): string {
  if (Array.isArray(json)) return `[${json.map(reference).join(',')}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.keys(json).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${reference(json[name] ?? null)}`).join(',')}}`;
}

/** Numbers from 0 up to `bound`, the same for the same seed. */
function createRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** One of the many texts of a value: white space, another order of members, escapes where none are needed. */
function writeLoosely(json: JsonValue, random: (bound: number) => number): string {
  const space = () => ['', '', '', ' ', '\n', '\r\n\t', '    '][random(7)] ?? '';
  const string = (text: string) => `"${Array.from(text, (character) => escapeLoosely(character, random)).join('')}"`;
  const write = (item: JsonValue): string => {
    if (typeof item === 'string') return string(item);
    if (typeof item !== 'object' || item === null) return JSON.stringify(item);
    if (Array.isArray(item)) return `[${space()}${item.map((one) => `${space()}${write(one)}${space()}`).join(',')}]`;
    const members = Object.entries(item).map((member) => ({ member, at: random(1000) }));
    members.sort((a, b) => a.at - b.at);
    const texts = members.map(
      ({ member: [name, of] }) => `${space()}${string(name)}${space()}:${space()}${write(of)}${space()}`,
    );
    return `{${texts.join(',')}${texts.length === 0 ? space() : ''}}`;
  };
  return `${space()}${write(json)}${space()}`;
}

function escapeLoosely(character: string, random: (bound: number) => number): string {
  if (random(5) === 0) {
    const digits = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${random(2) === 0 ? digits : digits.toUpperCase()}`;
  }
  if (character === '/' && random(2) === 0) return '\\/';
  return JSON.stringify(character).slice(1, -1);
}

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

  test('any bytes changed: refused with a code of this parser, or accepted as what JSON.parse reads', () => {
    const codes = ['JSON_INVALID', 'JSON_DUPLICATE_KEY', 'JSON_TOO_DEEP', 'CANONICAL_UNSAFE'];
    const change = fc.record({
      at: fc.nat(),
      byte: fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[],:0-.e u\n')), fc.nat(255)),
      remove: fc.nat(3),
      insert: fc.boolean(),
    });
    let accepted = 0;
    fc.assert(
      fc.property(value, fc.integer(), fc.array(change, { minLength: 1, maxLength: 3 }), (json, seed, changes) => {
        let bytes = Buffer.from(writeLoosely(json, createRandom(seed)));
        for (const { at, byte, remove, insert } of changes) {
          const place = at % (bytes.length + 1);
          const middle = insert ? [byte] : [];
          bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(middle), bytes.subarray(place + remove)]);
        }
        let output: Buffer;
        try {
          output = canonicalize(bytes);
        } catch (error) {
          expect(isCountersignError(error) && codes.includes(error.code)).toBe(true);
          return;
        }
        accepted++;
        expect(output.toString()).toBe(reference(JSON.parse(bytes.toString()) as JsonValue));
      }),
      { ...options, numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
