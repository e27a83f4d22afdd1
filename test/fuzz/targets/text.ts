import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.js';
import { encodeText, parseText, type JsonValue } from '../../../src/tuf/index.js';
import { memberName, reference, valuesWithNames } from '../../support/json-texts.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { alsoMutated, mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';
import { signedSeeds } from '../signed-seeds.js';

export const TEXT_CODES: readonly ErrorCode[] = ['JSON_INVALID', 'JSON_TOO_LARGE', 'JSON_TOO_DEEP', 'CANONICAL_UNSAFE'];

export const textTarget: FuzzTarget = {
  name: 'text',
  share: 150_000,
  open() {
    const corpus = corpusOf('text');
    const { statement, policy } = signedSeeds();
    const seeds = [...corpus.values(), statement, policy];
    const canonical = valuesWithNames(memberName, 4).map((value) => Buffer.from(reference(value)));
    const unicode = fc
      .jsonValue({ maxDepth: 2, stringUnit: 'grapheme' })
      .map((value) => Buffer.from(reference(value as JsonValue)));
    const inputs = fc.oneof(
      alsoMutated(canonical, seeds),
      alsoMutated(unicode, seeds),
      mutatedBytes(seeds),
      mutatedJson(seeds),
    );
    return { corpus, inputs, check };
  },
};

function check(input: Buffer): void {
  for (const lineFeeds of [false, true]) {
    const outcome = attempt(TEXT_CODES, () => parseText(input, { lineFeeds }));
    if ('refused' in outcome) continue;
    const text = input.toString('utf8');
    assert.deepEqual(JSON.parse(text), outcome.accepted, 'not the value that JSON.parse reads');
    assert.equal(encodeText(outcome.accepted, { lineFeeds }), text, 'accepted, but not in its one form');
    assert.deepEqual(parseText(text, { lineFeeds }), outcome.accepted, 'another value from a string than from bytes');
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u, 'holds what cannot be seen');
  }
}
