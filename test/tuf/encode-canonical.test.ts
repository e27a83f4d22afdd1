import { describe, expect, test } from '@jest/globals';
import { encodeCanonical } from '../../src/tuf/index.js';
import { codeOf, placeOf } from '../support/error-code.js';

describe('encodeCanonical', () => {
  test('writes sorted members, escapes and integers as RFC 8785 does', () => {
    const value = { b: [1, -2, null, true], a: { '10': 'x\n"\\', '9': {} }, toJSON: 'x' };
    expect(encodeCanonical(value).toString()).toBe(
      '{"a":{"10":"x\\n\\"\\\\","9":{}},"b":[1,-2,null,true],"toJSON":"x"}',
    );
  });

  test('takes one object in several places', () => {
    const shared = { x: 1 };
    expect(encodeCanonical({ a: shared, ab: shared }).toString()).toBe('{"a":{"x":1},"ab":{"x":1}}');
  });

  test.each<[string, unknown, string]>([
    ['undefined', { a: undefined }, 'JSON_INVALID /a'],
    ['a hole', { a: Array(2) }, 'JSON_INVALID /a/0'],
    ['NaN', [NaN], 'JSON_INVALID /0'],
    ['Infinity', -Infinity, 'JSON_INVALID '],
    ['a bigint', { a: 1n }, 'JSON_INVALID /a'],
    ['a function', { a: () => 1 }, 'JSON_INVALID /a'],
    ['a toJSON function', { a: { toJSON: () => 1 } }, 'JSON_INVALID /a/toJSON'],
    ['a symbol', [Symbol('x')], 'JSON_INVALID /0'],
    ['a symbol as a name', { a: { [Symbol('x')]: 1 } }, 'JSON_INVALID /a'],
    ['a date', { a: new Date(0) }, 'JSON_INVALID /a'],
    ['a map', { a: new Map() }, 'JSON_INVALID /a'],
    ['bytes', { a: Buffer.from('x') }, 'JSON_INVALID /a'],
    ['-0', { a: -0 }, 'CANONICAL_UNSAFE /a'],
    ['a fraction', { a: 0.5 }, 'CANONICAL_UNSAFE /a'],
    ['2^53', { a: 2 ** 53 }, 'CANONICAL_UNSAFE /a'],
    ['non-ASCII', { a: ['é'] }, 'CANONICAL_UNSAFE /a/0'],
    ['<', { a: 'x<y' }, 'CANONICAL_UNSAFE /a'],
    ['a control character', { a: '\b' }, 'CANONICAL_UNSAFE /a'],
    ['a lone surrogate', { a: '\ud800' }, 'CANONICAL_UNSAFE /a'],
    ['an unsafe name', { a: { '&': 1 } }, 'CANONICAL_UNSAFE /a/&'],
    ['__proto__', JSON.parse('{"a":{"__proto__":1}}'), 'CANONICAL_UNSAFE /a/__proto__'],
  ])('refuses %s', (_, value, expected) => {
    expect(placeOf(() => encodeCanonical(value))).toBe(expected);
  });

  test('refuses a cycle and what is nested too deep, without running out of stack', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(codeOf(() => encodeCanonical(cycle))).toBe('JSON_TOO_DEEP');
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(encodeCanonical(nested(64)).length).toBe(129);
    expect(codeOf(() => encodeCanonical(nested(65)))).toBe('JSON_TOO_DEEP');
  });
});
