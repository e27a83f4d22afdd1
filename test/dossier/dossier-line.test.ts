import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDossierLine } from '../../src/dossier/dossier-line.js';
import { codeOf } from '../support/error-code.js';

/** What a line is read as, or the code of its refusal. */
function outcomeOf(line: string): unknown {
  let parsed: unknown;
  const code = codeOf(() => (parsed = parseDossierLine(line, 1)));
  return parsed ?? code;
}

const member = fc.constantFrom(
  ...['"type":"policy"', '"type":"targets"', '"type":"document"', '"type":"published"', '"repository":"production"'],
  ...[
    '"repository":"ci"',
    '"tag":"main"',
    '"tag":",\\"text\\":\\""',
    '"index":0',
    '"index":-0',
    '"text":"x"',
    '"a":{}',
  ],
  ...['"__proto__":1', '"text":', '"text":1', '"', '}', '{', ','],
);
const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', ',', ':', '{', '}', 't', '\n', '\ud800', 'é') }),
    fc.constant('a,"text":"b'),
  )
  .map((value) => `"text":${JSON.stringify(value)}`);
const heads = fc.constantFrom(
  ['"type":"policy"'],
  ['"type":"document"', '"index":0'],
  ['"type":"targets"', '"repository":"production"', '"tag":"main"'],
);
/** As the writer makes them, and what is nearly so. */
const lines = fc
  .tuple(
    fc.oneof(heads, fc.array(member, { maxLength: 4 })),
    fc.array(text, { minLength: 1, maxLength: 2 }),
    fc.oneof({ weight: 4, arbitrary: fc.constant('}') }, fc.constantFrom('"}', ' }', '}}', '')),
  )
  .map(([members, texts, end]) => `{${[...members, ...texts].join(',')}${end}`);

describe('a line that ends with its text', () => {
  test('is read as any other one: a blank after it, which is no part of it, changes nothing', () => {
    let read = 0;
    fc.assert(
      fc.property(lines, (line) => {
        const outcome = outcomeOf(line);
        if (typeof outcome === 'object') read += 1;
        expect(outcome).toEqual(outcomeOf(`${line} `));
      }),
      { seed: 20261123, numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  test.each([
    ['a member twice', '{"type":"policy","type":"policy","text":"x"}'],
    ['its text twice', '{"type":"policy","text":"x","text":"y"}'],
    ['nothing before it', '{,"text":"x"}'],
    ['more than a text', '{"type":"policy","text":"x","tag":"y"}'],
    ['an object before it', '{"type":{"type":"policy"},"text":"x"}'],
    ['an object around it', '{"type":"policy","a":{"b":1,"text":"x"}'],
    ['a text that does not end', '{"type":"policy","text":"x\\"}'],
    ['a control character in it', '{"type":"policy","text":"\u0001"}'],
  ])('is refused with %s', (_, line) => {
    expect(outcomeOf(line)).toBe('DOSSIER_INVALID');
  });
});
