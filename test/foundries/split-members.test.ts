import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { splitMembers } from '../../src/foundries/split-members.js';
import { isCountersignError } from '../../src/errors.js';
import { rejectionOf } from '../support/reject-code.js';

const SEED = 20261123;
const LIMITS = { maxMemberBytes: 1000, maxMembers: 100 };

async function split(chunks: readonly Buffer[], limits = LIMITS): Promise<string[]> {
  const members: string[] = [];
  for await (const member of splitMembers(chunks, limits)) members.push(member.toString('utf8'));
  return members;
}
const splitText = (text: string, limits = LIMITS) => split([Buffer.from(text)], limits);

/** The same bytes, cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('splitMembers', () => {
  it('gives each member as an object of its own, as it was written', async () => {
    const text = ' {"a" : [1, {"b":2}] ,\n "c,}\\"]":"}{" , "é": null }\n';
    expect(await splitText(text)).toEqual(['{"a" : [1, {"b":2}] }', '{\n "c,}\\"]":"}{" }', '{ "é": null }']);
  });

  it.each(['{}', ' { \n } '])('gives nothing of an empty object: %j', async (text) => {
    expect(await splitText(text)).toEqual([]);
  });

  it.each([
    '',
    ' ',
    '[]',
    '"a"',
    '\uFEFF{}',
    '{',
    '{"a":1',
    '{"a":"}',
    '{"a":1}x',
    '{"a":1}{}',
    '{"a":1]',
    ']',
    '{"a":"\\',
  ])('refuses what is no object: %j', async (text) => {
    expect(await rejectionOf(splitText(text))).toMatch(/^JSON_INVALID/);
  });

  it('refuses a member that is too long before it has arrived, and too many members', async () => {
    function* endless() {
      yield Buffer.from('{"a":"');
      for (;;) yield Buffer.alloc(100, 'x');
    }
    const members = splitMembers(endless(), LIMITS);
    expect(await rejectionOf(members.next())).toMatch(/^JSON_TOO_LARGE/);
    expect(await rejectionOf(splitText('{"a":1,"b":2,"c":3}', { ...LIMITS, maxMembers: 2 }))).toMatch(
      /^JSON_TOO_LARGE/,
    );
    expect(await splitText('{"a":1,"b":2}', { maxMembers: 2, maxMemberBytes: 5 })).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('finds in every object what JSON.parse finds, wherever it is cut', async () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(objects, fc.array(fc.nat()), fc.boolean(), async (object, places, indented) => {
        const text = Buffer.from(JSON.stringify(object, null, indented ? 2 : 0));
        const members = await split(cut(text, places), { maxMemberBytes: text.length, maxMembers: 1000 });
        const read = members.flatMap((member) => Object.entries(JSON.parse(member) as object));
        expect(read).toEqual(Object.entries(JSON.parse(text.toString('utf8')) as object));
        expect(read).toHaveLength(members.length);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('gives only members that JSON.parse reads one by one if it reads the whole, and only then', async () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '\\',
      '"a"',
      '"b":',
      '1',
      'null',
      ' ',
      '-',
      'é',
      '\u0000',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 14 }), fc.array(fc.nat()), async (parts, places) => {
        const text = `{${parts.join('')}`;
        expect(await areMembers(cut(Buffer.from(text), places))).toBe(isJson(text));
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });
});

async function areMembers(chunks: readonly Buffer[]): Promise<boolean> {
  try {
    return (await split(chunks)).every((text) => Object.keys(JSON.parse(text) as object).length === 1);
  } catch (error) {
    if (isCountersignError(error) || error instanceof SyntaxError) return false;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
