import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCountersignError } from '../../../src/errors.js';
import { parseBody } from '../../../src/http/body/parse-body.js';
import { codeOf, placeOf } from '../../support/error-code.js';

const SEED = 20261122;
const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

describe('parseBody', () => {
  it('hands over the raw member as the bytes that were sent, and the rest parsed', () => {
    const body = bytes('{"reason":"Grüße 🚀","targets": {"b":1.50 , "a":"\\u0041"} ,"tag":"t"}');
    const { value, raw } = parseBody(body, 'targets');
    expect(value).toEqual({ reason: 'Grüße 🚀', tag: 't' });
    expect(raw?.toString('utf8')).toBe('{"b":1.50 , "a":"\\u0041"}');
  });

  it('finds the raw member under an escaped spelling of its name', () => {
    expect(parseBody(bytes('{"t\\u0061rgets":[1]}'), 'targets').raw?.toString()).toBe('[1]');
  });

  it('has no raw member when none was sent, and takes only the one at the top', () => {
    expect(parseBody(bytes('{"a":["targets"],"b":"targets"}'), 'targets')).toEqual({
      value: { a: ['targets'], b: 'targets' },
      raw: null,
    });
  });

  it.each([
    ['{"a":1,"a":1}', 'JSON_DUPLICATE_KEY /a'],
    ['{"a/b":1,"a\\/b":1}', 'JSON_DUPLICATE_KEY /a~1b'],
    ['{"targets":{},"targets":{}}', 'JSON_DUPLICATE_KEY /targets'],
    ['[]', 'INPUT_INVALID '],
    ['"text"', 'INPUT_INVALID '],
    ['', 'INPUT_INVALID '],
    ['\uFEFF{}', 'INPUT_INVALID '],
    ['{"version":42.0}', 'JSON_INVALID /version'],
    ['{"version":1e2}', 'JSON_INVALID /version'],
    ['{"version":-0}', 'JSON_INVALID /version'],
    ['{"prune":[41,4.1]}', 'JSON_INVALID /prune'],
    ['{"a":NaN}', 'JSON_INVALID /a'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'JSON_TOO_DEEP /a'],
    [`{"a":${'9'.repeat(40)}}`, 'JSON_INVALID /a'],
    [`{"targets":${'['.repeat(501)}`, 'JSON_TOO_DEEP /targets'],
    [`{${Array.from({ length: 101 }, (_, i) => `"m${String(i)}":1`).join(',')}}`, 'INPUT_INVALID '],
    ['{"a":"\u0001"}', 'JSON_INVALID (no pointer)'],
    ['{"a":1}x', 'JSON_INVALID (no pointer)'],
    ['{"a":1,}', 'JSON_INVALID (no pointer)'],
    ['{"a" 1}', 'JSON_INVALID (no pointer)'],
    ['{a:1}', 'JSON_INVALID (no pointer)'],
    ['{"a":"', 'JSON_INVALID (no pointer)'],
    ['{"a":', 'JSON_INVALID (no pointer)'],
    ['{"a":]', 'JSON_INVALID (no pointer)'],
    ['{"a":[}]}', 'JSON_INVALID (no pointer)'],
    ['{"\\q":1}', 'JSON_INVALID (no pointer)'],
    ['{', 'JSON_INVALID (no pointer)'],
  ])('refuses %j', (text, place) => {
    expect(placeOf(() => parseBody(bytes(text), 'targets'))).toBe(place);
  });

  it('refuses bytes that are not UTF-8', () => {
    const body = Buffer.concat([bytes('{"a":"'), Buffer.from([0xff]), bytes('"}')]);
    expect(codeOf(() => parseBody(body))).toBe('JSON_INVALID');
  });

  it('bounds everything but the raw member', () => {
    const large = `"${'x'.repeat(300_000)}"`;
    expect(codeOf(() => parseBody(bytes(`{"reason":${large}}`), 'targets'))).toBe('BODY_TOO_LARGE');
    expect(parseBody(bytes(`{"targets":${large}}`), 'targets').raw?.length).toBe(large.length);
  });

  it('keeps a member called __proto__ a member', () => {
    const { value } = parseBody(bytes('{"__proto__":{"admin":true},"targets":1}'), 'targets');
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect('admin' in value).toBe(false);
  });

  it('agrees with JSON.parse on every object, wherever the raw member stands', () => {
    const member = fc.record({ name: fc.string(), value: fc.jsonValue() });
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { selector: (m) => m.name }),
        fc.jsonValue(),
        fc.nat(),
        (members, targets, at) => {
          const others = members
            .filter(({ name }) => name !== 'targets')
            .map(({ name, value }) => [name, withoutNumbers(value)] as const);
          const all = others.toSpliced(at % (others.length + 1), 0, ['targets', targets]);
          const text = `{${all.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(' ,\n')}}`;
          const { value, raw } = parseBody(bytes(text), 'targets');
          expect(JSON.parse(raw?.toString('utf8') ?? '')).toEqual(JSON.parse(JSON.stringify(targets)));
          expect(Object.entries(value).sort()).toEqual(
            Object.entries(JSON.parse(text) as object)
              .filter(([name]) => name !== 'targets')
              .sort(),
          );
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('takes nothing, as a whole or cut, that JSON.parse would not take', () => {
    const pieces = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '"',
        '\\',
        '"targets"',
        '"a"',
        '1',
        'null',
        ' ',
        '\n',
        '-',
        'tru',
        'e',
        '\u0000',
        'é',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        const text = `{"targets":${parts.join('')}`;
        try {
          const { value, raw } = parseBody(bytes(text), 'targets');
          const member: unknown = JSON.parse(raw?.toString('utf8') ?? 'no raw member');
          expect(JSON.parse(text)).toEqual({ ...value, targets: member });
        } catch (error) {
          expect(isCountersignError(error) || error instanceof SyntaxError).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });
});

function withoutNumbers(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_name, member: unknown) => (typeof member === 'number' ? 7 : member)));
}
