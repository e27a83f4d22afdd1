import { describe, expect, test } from '@jest/globals';
import { canonicalize, parseCanonical } from '../../src/tuf/index.js';
import { codeOf, placeOf } from '../support/error-code.js';

const canonical = (text: string): string => canonicalize(Buffer.from(text)).toString();
const place = (text: string | Buffer): string => placeOf(() => canonicalize(Buffer.from(text)));

describe('canonical form', () => {
  test.each([
    ['{}', '{}'],
    [' [ ] ', '[]'],
    ['""', '""'],
    ['null', 'null'],
    ['\t{\r\n "b" : 1 , "a" : [ true , false , null ] }\n', '{"a":[true,false,null],"b":1}'],
    ['{"b":{"d":1,"c":{"f":1,"e":2}},"a":2}', '{"a":2,"b":{"c":{"e":2,"f":1},"d":1}}'],
    ['[{"b":1,"a":2},{"a":1,"b":2},{"c":1,"b":2,"a":3}]', '[{"a":2,"b":1},{"a":1,"b":2},{"a":3,"b":2,"c":1}]'],
    ['{"a!":1,"a":2,"a ":3,"a#":4,"":5}', '{"":5,"a":2,"a ":3,"a!":1,"a#":4}'],
    ['{"10":1,"9":2,"1":3}', '{"1":3,"10":1,"9":2}'],
    ['{"b":1,"toJSON":1,"a":2}', '{"a":2,"b":1,"toJSON":1}'],
    ['{"constructor":1,"__proto":2,"__proto___":3}', '{"__proto":2,"__proto___":3,"constructor":1}'],
    ['"\\u0041\\/\\u002f\\u007E"', '"A//~"'],
    ['"\\n\\r\\t\\"\\\\"', '"\\n\\r\\t\\"\\\\"'],
    ['"\\u000a\\u000D\\u0009\\u0022\\u005c"', '"\\n\\r\\t\\"\\\\"'],
    ['{"\\u0062":1,"a\\/b":2,"a":3}', '{"a":3,"a/b":2,"b":1}'],
    ['{"a\\n":1,"a ":2,"a":3,"a\\"":4,"a\\\\":5,"a]":6}', '{"a":3,"a\\n":1,"a ":2,"a\\"":4,"a\\\\":5,"a]":6}'],
    ['[0,-1,9007199254740991,-9007199254740991]', '[0,-1,9007199254740991,-9007199254740991]'],
  ])('%s', (input, output) => {
    expect(canonical(input)).toBe(output);
  });

  test('sorts objects of many members', () => {
    const names = Array.from({ length: 500 }, (_, i) => `name-${(i * 7919) % 500}`);
    const output = canonical(`{${names.map((name) => `"${name}": {"b":"${name}","a":1}`).join(' , ')}}`);
    const sorted = [...names].sort().map((name) => `"${name}":{"a":1,"b":"${name}"}`);
    expect(output).toBe(`{${sorted.join(',')}}`);
  });

  test('an input that is canonical already comes back in its own memory', () => {
    const input = Buffer.from('{"a":[1,{"b":"\\n"}],"c":{}}');
    expect(canonicalize(input)).toBe(input);
    const array = new Uint8Array([0x20, 0x31, 0x20]).subarray(1, 2);
    expect(canonicalize(array).buffer).toBe(array.buffer);
    expect(canonicalize(array).toString()).toBe('1');
  });

  test('an input that is not canonical is left as it was', () => {
    const input = Buffer.from('{"b":1, "a":"\\u0041"}');
    canonicalize(input);
    expect(input.toString()).toBe('{"b":1, "a":"\\u0041"}');
  });

  test('the value holds all that the bytes say', () => {
    const { bytes, value } = parseCanonical(Buffer.from('{"b":[9007199254740991,"\\n"],"a":{"toJSON":null}}'));
    expect(value).toEqual({ a: { toJSON: null }, b: [9007199254740991, '\n'] });
    expect(bytes.toString()).toBe('{"a":{"toJSON":null},"b":[9007199254740991,"\\n"]}');
  });
});

describe('refuses what is not JSON, naming the place', () => {
  test.each([
    ['', ''],
    ['   ', ''],
    ['{"a":1} x', ''],
    ['{"a":1}{}', ''],
    ['1\0', ''],
    ['\ufeff{}', ''],
    ['{"a":1,}', ''],
    ['{,}', ''],
    ['{"a" 1}', '/a'],
    ['{"a":}', '/a'],
    ['{"a":{"b":[1,2,]}}', '/a/b/2'],
    ['[1 2]', '/0'],
    ['[1,[2,[3', '/1/1/0'],
    ['{a:1}', ''],
    ["{'a':1}", ''],
    ['{"a', ''],
    ['{"x":"abc', '/x'],
    ['{"x":"a\nb"}', '/x'],
    ['{"x":"a\tb"}', '/x'],
    ['{"x":"a\0b"}', '/x'],
    ['{"x":"\\x41"}', '/x'],
    ['{"x":"\\u12g4"}', '/x'],
    ['{"x":"\\u12"}', '/x'],
    ['{"x":"\\', '/x'],
    ['{"x":01}', '/x'],
    ['{"x":-01}', '/x'],
    ['{"x":+1}', '/x'],
    ['{"x":-}', '/x'],
    ['{"x":.5}', '/x'],
    ['{"x":1.}', '/x'],
    ['{"x":1e}', '/x'],
    ['{"x":0x10}', '/x'],
    ['{"x":1-2}', '/x'],
    ['{"x":NaN}', '/x'],
    ['{"x":Infinity}', '/x'],
    ['{"x":tru}', '/x'],
    ['{"x":truefalse}', '/x'],
    ['{"x":nul', '/x'],
    ['{"a~b/c":[0,{"":}]}', '/a~0b~1c/1/'],
    ['/* */ 1', ''],
    ['[1]]', ''],
    ['\u00a01', ''],
  ])('%j', (input, pointer) => {
    expect(place(input)).toBe(`JSON_INVALID ${pointer}`);
  });

  test.each([
    ['a byte order mark before a canonical document', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['UTF-16', [0x7b, 0x00, 0x7d, 0x00]],
    ['a continuation byte alone', [0x22, 0x80, 0x22]],
    ['an overlong /', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a sequence cut by the end', [0x22, 0xe2, 0x82]],
    ['a byte that UTF-8 never has', [0x22, 0xff, 0x22]],
  ])('%s', (_, bytes) => {
    expect(place(Buffer.from(bytes))).toBe('JSON_INVALID ');
  });
});

describe('refuses what verifiers read in different ways', () => {
  test.each([
    ['{"x":1.0}', '/x'],
    ['{"x":0.1}', '/x'],
    ['{"x":-0.0}', '/x'],
    ['{"x":1e2}', '/x'],
    ['{"x":1E+2}', '/x'],
    ['{"x":-0}', '/x'],
    ['{"x":9007199254740992}', '/x'],
    ['{"x":9007199254740993}', '/x'],
    ['{"x":-9007199254740992}', '/x'],
    ['{"x":9223372036854775807}', '/x'],
    [`{"x":1${'0'.repeat(400)}}`, '/x'],
    ['{"x":"é"}', '/x'],
    ['{"x":"\\u00e9"}', '/x'],
    ['{"x":"\u{1f600}"}', '/x'],
    ['{"x":"\u2028"}', '/x'],
    ['{"x":"\x7f"}', '/x'],
    ['{"x":"\\u007f"}', '/x'],
    ['{"x":"\\b"}', '/x'],
    ['{"x":"\\f"}', '/x'],
    ['{"x":"\\u0000"}', '/x'],
    ['{"x":"\\u001f"}', '/x'],
    ['{"x":"a<b"}', '/x'],
    ['{"x":"a>b"}', '/x'],
    ['{"x":"a&b"}', '/x'],
    ['{"x":"\\u003c"}', '/x'],
    ['{"x":"\\u003E"}', '/x'],
    ['{"x":"\\u0026"}', '/x'],
    ['{"x":"\\ud800"}', '/x'],
    ['{"x":"\\udfff"}', '/x'],
    ['{"x":"\\ud83d\\ude00"}', '/x'],
    ['{"x":{"é":1}}', '/x'],
    ['{"a":1,"__proto__":{}}', '/__proto__'],
    ['{"a":{"\\u005f_proto_\\u005f":1}}', '/a/__proto__'],
    ['{"a/~":[1,{"b":[true,-0]}]}', '/a~1~0/1/b/1'],
  ])('%j', (input, pointer) => {
    expect(place(input)).toBe(`CANONICAL_UNSAFE ${pointer}`);
  });
});

describe('refuses two members of one name', () => {
  test.each([
    ['{"a":1,"a":1}', '/a'],
    ['{"a":1,"\\u0061":2}', '/a'],
    ['{"\\u0061":1,"\\u0061":2}', '/a'],
    ['{"a\\/":1,"a/":2}', '/a~1'],
    ['{"\\n":1,"\\u000a":2}', '/\n'],
    ['{"":1,"":2}', '/'],
    ['{"b":1,"a":2,"c":3,"b":4}', '/b'],
    ['{"c":1,"b":2,"a":3,"\\u0063":4}', '/c'],
    ['[0,{"x":{"y":[{"z":{},"q":1,"z":{}}]}}]', '/1/x/y/0/z'],
  ])('%s', (input, pointer) => {
    expect(place(input)).toBe(`JSON_DUPLICATE_KEY ${pointer}`);
  });

  test('in an object of many members, far apart', () => {
    const members = Array.from({ length: 300 }, (_, i) => `"n${(i * 7919) % 300}":${i}`);
    expect(place(`{${[...members, '"n\\u0037"'].join(',')}:0}`)).toBe('JSON_DUPLICATE_KEY /n7');
  });

  test('but takes one name in different objects', () => {
    expect(canonical('{"b":{"b":1},"a":[{"b":1},{"b":1}]}')).toBe('{"a":[{"b":1},{"b":1}],"b":{"b":1}}');
  });
});

describe('bounds', () => {
  test('a very long member name does not make a very long error', () => {
    const name = 'n'.repeat(1_000_000);
    expect(place(`{"${name}":-0}`)).toBe(`CANONICAL_UNSAFE /${'n'.repeat(500)}…`);
  });

  test('64 open objects and arrays are allowed, 65 are not', () => {
    const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
    expect(canonical(nested(64))).toBe(nested(64));
    expect(codeOf(() => canonical(`[${nested(64)}]`))).toBe('JSON_TOO_DEEP');
  });

  test('an empty array counts as open too, and closed ones no longer', () => {
    expect(codeOf(() => canonicalize(Buffer.from('[[]]'), { maxDepth: 1 }))).toBe('JSON_TOO_DEEP');
    expect(canonicalize(Buffer.from('[1,2]'), { maxDepth: 1 }).toString()).toBe('[1,2]');
    expect(canonicalize(Buffer.from('[[],[],{}]'), { maxDepth: 2 }).toString()).toBe('[[],[],{}]');
  });

  test.each(['[', '{"a":', '[{"a":'])('a depth bomb of %s ends early and with its code', (opening) => {
    const bomb = Buffer.from(opening.repeat(1_000_000));
    expect(codeOf(() => canonicalize(bomb))).toBe('JSON_TOO_DEEP');
    expect(codeOf(() => canonicalize(bomb, { maxDepth: Number.MAX_SAFE_INTEGER }))).toBe('JSON_TOO_DEEP');
  });

  test('refuses more bytes than allowed before reading them', () => {
    const input = Buffer.from('[1,2]');
    expect(canonicalize(input, { maxBytes: 5 })).toBe(input);
    expect(placeOf(() => canonicalize(Buffer.from('[1,2,'), { maxBytes: 4 }))).toBe('JSON_TOO_LARGE ');
    expect(codeOf(() => canonicalize(Buffer.alloc(64 * 1024 * 1024 + 1)))).toBe('JSON_TOO_LARGE');
  });
});
