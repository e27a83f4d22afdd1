import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readDocuments } from '../../../src/foundries/read-documents.js';
import { encodeCanonical, parseCanonical } from '../../../src/tuf/index.js';
import { createRandom } from '../../support/random.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { alsoMutated, mutatedBytes, mutatedJson } from '../inputs.js';
import { piecesOf } from '../pieces.js';
import { attempt, attemptAsync, type Outcome } from '../refusal.js';
import { CANONICAL_CODES, looseDocuments } from './canonical.js';

const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** The Factory's list of documents, which is never parsed as a whole: read in one piece it has to be the same. */
export const listTarget: FuzzTarget = {
  name: 'list',
  share: 60_000,
  open() {
    const corpus = corpusOf('canonical');
    const seeds = [...corpus.values()];
    const lists = fc
      .array(fc.tuple(fc.constantFrom('"a"', '"b"', '"\\u0061"', ' "c,}" ', '"__proto__"'), looseDocuments), {
        maxLength: 4,
      })
      .map((members) => Buffer.from(`{${members.map(([name, value]) => `${name}:${value.toString()}`).join(',')}}`));
    return { corpus, inputs: fc.oneof(alsoMutated(lists, seeds), mutatedBytes(seeds), mutatedJson(seeds)), check };
  },
};

async function check(input: Buffer): Promise<void> {
  const whole = documentsOf(attempt(CANONICAL_CODES, () => parseCanonical(input).value));
  for (const pieces of [[input], piecesOf(input, createRandom(input.length))]) {
    const read = await attemptAsync(['FACTORY_ANSWER_INVALID'], () =>
      readDocuments(arriving(pieces), 'here', MAX_DOCUMENT_BYTES),
    );
    assert.deepEqual('accepted' in read ? texts(read.accepted) : null, whole, 'read one by one it is another list');
  }
}

/** Null if it is refused, or is no object. */
function documentsOf(outcome: Outcome<unknown>): Record<string, string> | null {
  if ('refused' in outcome) return null;
  const { accepted } = outcome;
  if (typeof accepted !== 'object' || accepted === null || Array.isArray(accepted)) return null;
  return texts(Object.entries(accepted).map(([name, value]) => [name, encodeCanonical(value)]));
}

function texts(documents: Iterable<readonly [string, Buffer]>): Record<string, string> {
  return Object.fromEntries([...documents].map(([name, bytes]) => [name, bytes.toString('latin1')]));
}

async function* arriving(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}
