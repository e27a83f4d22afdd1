import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.js';
import { parseBody } from '../../../src/http/body/parse-body.js';
import type { JsonObject } from '../../../src/tuf/index.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { alsoMutated, mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';
import { looseDocuments } from './canonical.js';

const CODES: readonly ErrorCode[] = [
  ...(['JSON_INVALID', 'JSON_DUPLICATE_KEY', 'JSON_TOO_DEEP', 'INPUT_INVALID', 'BODY_TOO_LARGE'] as const),
];
const RAW = 'targets';

/** Bodies of requests, with and without a document that is cut out as the bytes that were sent. */
export const formTarget: FuzzTarget = {
  name: 'form',
  share: 60_000,
  open() {
    const corpus = corpusOf('form');
    const seeds = [...corpus.values()];
    const withDocument = looseDocuments.map((document) =>
      Buffer.concat([Buffer.from('{"name":"w42","targets":'), document, Buffer.from(',"reason":"x"}')]),
    );
    const inputs = fc.oneof(mutatedBytes(seeds), mutatedJson(seeds), alsoMutated(withDocument, seeds));
    return { corpus, inputs, check };
  },
};

function check(input: Buffer): void {
  const plain = attempt(CODES, () => parseBody(input));
  if ('accepted' in plain) assert.deepEqual({ ...plain.accepted.value }, read(input), 'not what JSON.parse reads');
  const cut = attempt(CODES, () => parseBody(input, RAW));
  if ('refused' in cut) return;
  const { value, raw } = cut.accepted;
  const document = raw === null ? undefined : readOrNothing(raw);
  if (raw !== null && document === undefined) return; // its own parser refuses it
  const whole = document === undefined ? value : { ...value, [RAW]: document.value };
  assert.deepEqual({ ...whole }, read(input), 'cut apart, it says something else');
}

function read(bytes: Buffer): JsonObject {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as JsonObject;
}

function readOrNothing(bytes: Buffer): { value: JsonObject } | undefined {
  try {
    return { value: read(bytes) };
  } catch {
    return undefined;
  }
}
