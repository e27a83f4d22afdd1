import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeText, parseText } from '../../src/tuf/index.js';
import { codeOf, placeOf } from '../support/error-code.js';

describe('encodeText', () => {
  test('sorts members and leaves every script as it is', () => {
    expect(encodeText({ b: 'Grüße, 日本, \u{1f600} <&>', a: [1, null, true] })).toBe(
      '{"a":[1,null,true],"b":"Grüße, 日本, \u{1f600} <&>"}',
    );
  });

  test('takes one object in several places', () => {
    const shared = { x: [1] };
    expect(encodeText({ a: shared, ab: shared, b: [shared, shared] })).toBe(
      '{"a":{"x":[1]},"ab":{"x":[1]},"b":[{"x":[1]},{"x":[1]}]}',
    );
  });

  test.each<[string, unknown, string]>([
    ['a line feed', { a: 'x\ny' }, 'CANONICAL_UNSAFE /a'],
    ['a tab', { a: 'x\ty' }, 'CANONICAL_UNSAFE /a'],
    ['an escape sequence', { a: '\u001b[2J' }, 'CANONICAL_UNSAFE /a'],
    ['a C1 control', { a: '\u009b' }, 'CANONICAL_UNSAFE /a'],
    ['a direction override', { a: ['x\u202ey'] }, 'CANONICAL_UNSAFE /a/0'],
    ['a zero-width joiner', { a: '\u200d' }, 'CANONICAL_UNSAFE /a'],
    ['a byte order mark', { a: '\ufeff' }, 'CANONICAL_UNSAFE /a'],
    ['private use', { a: '\ue000' }, 'CANONICAL_UNSAFE /a'],
    ['a lone surrogate', { a: 'x\ud83d' }, 'CANONICAL_UNSAFE /a'],
    ['a noncharacter', { a: '\ufffe' }, 'CANONICAL_UNSAFE /a'],
    ['a line separator', { a: '\u2028' }, 'CANONICAL_UNSAFE /a'],
    ['a tag character', { a: '\u{e0041}' }, 'CANONICAL_UNSAFE /a'],
    ['a fraction', { a: 1.5 }, 'CANONICAL_UNSAFE /a'],
    ['-0', { a: -0 }, 'CANONICAL_UNSAFE /a'],
    ['2^53', { a: 2 ** 53 }, 'CANONICAL_UNSAFE /a'],
    ['NaN', { a: NaN }, 'JSON_INVALID /a'],
    ['undefined', { a: undefined }, 'JSON_INVALID /a'],
    ['a hole', [Array(1)], 'JSON_INVALID /0/0'],
    ['a toJSON function', { toJSON: () => 1 }, 'CANONICAL_UNSAFE /toJSON'],
    ['a date', { a: new Date(0) }, 'JSON_INVALID /a'],
    ['a non-ASCII member name', { é: 1 }, 'CANONICAL_UNSAFE '],
    [
      'a member named toJSON, beside which json-canonicalize does not sort',
      { b: 1, toJSON: 1 },
      'CANONICAL_UNSAFE /toJSON',
    ],
    ['a member named __proto__', JSON.parse('{"__proto__":1}'), 'CANONICAL_UNSAFE /__proto__'],
  ])('refuses %s', (_, value, expected) => {
    expect(placeOf(() => encodeText(value))).toBe(expected);
  });

  test('allows line feeds, and nothing else, where it is told to', () => {
    expect(encodeText({ a: 'x\ny' }, { lineFeeds: true })).toBe('{"a":"x\\ny"}');
    expect(codeOf(() => encodeText({ a: 'x\n\ry' }, { lineFeeds: true }))).toBe('CANONICAL_UNSAFE');
  });

  test('refuses a cycle without running out of stack', () => {
    const cycle: Record<string, unknown> = {};
    cycle['cycle'] = cycle;
    expect(codeOf(() => encodeText(cycle))).toBe('JSON_TOO_DEEP');
  });
});

describe('parseText', () => {
  test('gives back what encodeText wrote, from text and from bytes', () => {
    const value = fc.object({
      key: fc.stringMatching(/^[a-z]{1,5}$/).filter((name) => name !== 'toJSON'),
      values: [fc.stringMatching(/^[ -~äß日\u{1f600}]*$/u), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)],
      maxDepth: 4,
    });
    fc.assert(
      fc.property(value, (json) => {
        const text = encodeText(json);
        expect(encodeText(parseText(text))).toBe(text);
        expect(parseText(Buffer.from(text))).toEqual(json);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test.each([
    ['white space', '{"a": 1}', 'CANONICAL_UNSAFE'],
    ['a line feed at the end', '{"a":1}\n', 'CANONICAL_UNSAFE'],
    ['another order', '{"b":1,"a":2}', 'CANONICAL_UNSAFE'],
    ['two members of one name', '{"a":1,"a":1}', 'CANONICAL_UNSAFE'],
    ['an escape that is not needed', '{"a":"\\u0041"}', 'CANONICAL_UNSAFE'],
    ['an escaped slash', '{"a":"\\/"}', 'CANONICAL_UNSAFE'],
    ['an escaped control character', '{"a":"\\u001b"}', 'CANONICAL_UNSAFE'],
    ['a lone surrogate', '{"a":"\\ud800"}', 'CANONICAL_UNSAFE'],
    ['1.0', '{"a":1.0}', 'CANONICAL_UNSAFE'],
    ['1e1', '{"a":1e1}', 'CANONICAL_UNSAFE'],
    ['-0', '{"a":-0}', 'CANONICAL_UNSAFE'],
    ['2^53+1', '{"a":9007199254740993}', 'CANONICAL_UNSAFE'],
    ['__proto__', '{"__proto__":1}', 'CANONICAL_UNSAFE'],
    ['a byte order mark', '\ufeff{}', 'JSON_INVALID'],
    ['bytes after the end', '{}x', 'JSON_INVALID'],
    ['nothing', '', 'JSON_INVALID'],
    ['too many arrays', '['.repeat(65) + ']'.repeat(65), 'JSON_TOO_DEEP'],
    ['a depth bomb', '['.repeat(200_000), 'JSON_TOO_DEEP'],
    ['a depth bomb after strings with brackets', `["]\\"]",${'['.repeat(100)}`, 'JSON_TOO_DEEP'],
  ])('refuses %s, as text and as bytes', (_, text, code) => {
    expect(codeOf(() => parseText(text))).toBe(code);
    expect(codeOf(() => parseText(Buffer.from(text)))).toBe(code);
  });

  test('refuses bytes that are not UTF-8', () => {
    expect(codeOf(() => parseText(Buffer.from([0x22, 0xff, 0x22])))).toBe('JSON_INVALID');
  });

  test('counts bytes, not characters, against the limit', () => {
    expect(parseText('"éé"', { maxBytes: 6 })).toBe('éé');
    expect(codeOf(() => parseText('"éé"', { maxBytes: 5 }))).toBe('JSON_TOO_LARGE');
    expect(codeOf(() => parseText(Buffer.from('"éé"'), { maxBytes: 5 }))).toBe('JSON_TOO_LARGE');
  });
});
