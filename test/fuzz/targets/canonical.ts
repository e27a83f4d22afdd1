import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalize as rfc8785 } from 'json-canonicalize';
import type { ErrorCode } from '../../../src/errors.js';
import { canonicalize, encodeCanonical, parseCanonical, type JsonValue } from '../../../src/tuf/index.js';
import { memberName, reference, valuesWithNames, writeLoosely } from '../../support/json-texts.js';
import { createRandom } from '../../support/random.js';
import { corpusOf, recordedJson } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { alsoMutated, mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';

export const CANONICAL_CODES: readonly ErrorCode[] = [
  ...(['JSON_INVALID', 'JSON_DUPLICATE_KEY', 'JSON_TOO_DEEP', 'JSON_TOO_LARGE', 'CANONICAL_UNSAFE'] as const),
];

/** A document of the safe subset, in any of its texts. */
export const looseDocuments: fc.Arbitrary<Buffer> = fc
  .tuple(valuesWithNames(memberName, 4), fc.integer())
  .map(([value, seed]) => Buffer.from(writeLoosely(value, createRandom(seed))));

/** Values beyond the subset: any number, any character. */
const anyDocuments = fc
  .jsonValue({ maxDepth: 2, stringUnit: 'binary' })
  .map((value) => Buffer.from(JSON.stringify(value)));

export const canonicalTarget: FuzzTarget = {
  name: 'canonical',
  share: 300_000,
  open() {
    const corpus = corpusOf('canonical');
    const seeds = [...corpus.values(), ...recordedJson().values()];
    const inputs = fc.oneof(
      alsoMutated(looseDocuments, seeds),
      alsoMutated(anyDocuments, seeds),
      mutatedBytes(seeds),
      mutatedJson(seeds),
    );
    return { corpus, inputs, check };
  },
};

function check(input: Buffer): void {
  const before = Buffer.from(input);
  const outcome = attempt(CANONICAL_CODES, () => parseCanonical(input));
  assert.ok(before.equals(input), 'the input was written to');
  if ('refused' in outcome) {
    assert.deepEqual(
      attempt(CANONICAL_CODES, () => canonicalize(input)),
      outcome,
    );
    if (outcome.refused === 'JSON_INVALID')
      assert.equal(readByOthers(input), undefined, 'sound JSON is called unsound');
    return;
  }
  const { bytes, value } = outcome.accepted;
  const others = readByOthers(input);
  assert.ok(others !== undefined, 'accepted what JSON.parse does not read');
  assert.deepEqual(value, others.value, 'not the value that JSON.parse reads');
  const text = bytes.toString('latin1');
  assert.equal(text, reference(others.value), 'not the canonical form');
  // json-canonicalize leaves objects unsorted that have a member of this name
  if (!text.includes('toJSON')) assert.equal(text, rfc8785(others.value), "not json-canonicalize's form");
  assert.ok(canonicalize(bytes) === bytes, 'canonical bytes are not their own canonical form');
  assert.ok(encodeCanonical(value).equals(bytes), 'the value is encoded otherwise');
  assert.deepEqual(parseCanonical(bytes).value, value, 'a second parse gives another value');
}

/** What a strict UTF-8 decoder and JSON.parse make of it. */
function readByOthers(input: Buffer): { value: JsonValue } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
    return { value: JSON.parse(text) as JsonValue };
  } catch {
    return undefined;
  }
}
