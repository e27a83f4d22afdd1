import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  encodeLoginChallenge,
  encodeRejection,
  parseLoginChallenge,
  parseRejection,
} from '../../../src/approval/index.js';
import { encodeStatement, parsePins, parseStatement, serializePins } from '../../../src/dossier/index.js';
import type { ErrorCode } from '../../../src/errors.js';
import { bundleSeeds } from '../bundle-seeds.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';
import { rootSeeds } from '../root-seeds.js';
import { signedSeeds, type SignedSeeds } from '../signed-seeds.js';
import { TEXT_CODES } from './text.js';

/** Our own small documents: each is read strictly and has one text. */
export const documentTargets: readonly FuzzTarget[] = [
  documentTarget(
    'statement',
    60_000,
    async ({ statement }) => [statement, ...(await rootSeeds()).statements, ...bundleSeeds().statements],
    (input) => {
      const text = input.toString('utf8');
      const outcome = attempt(['STATEMENT_INVALID', 'KIND_NOT_ALLOWED'], () => parseStatement(text));
      if ('accepted' in outcome) assert.equal(encodeStatement(outcome.accepted), text, 'accepted in another text');
    },
  ),
  documentTarget(
    'rejection',
    30_000,
    ({ fixture, wave }) => [Buffer.from(fixture.reject('bob', wave.text, 'not today').text)],
    (input) => roundTrip(input, parseRejection, encodeRejection),
  ),
  documentTarget(
    'login-challenge',
    30_000,
    ({ fixture }) => [
      encodeLoginChallenge({
        ...{ service: fixture.policy.sha256, nonce: '0f'.repeat(16), expires: '2026-11-22T16:05:00Z' },
        url: 'https://countersign.example/',
      }),
    ],
    (input) => roundTrip(input, parseLoginChallenge, encodeLoginChallenge),
  ),
  documentTarget(
    'pins',
    30_000,
    ({ fixture }) => [Buffer.from(serializePins(fixture.pins))],
    (input) => {
      const outcome = attempt(['CONFIG_INVALID'], () => parsePins(input));
      if ('accepted' in outcome) assert.deepEqual(parsePins(serializePins(outcome.accepted)), outcome.accepted);
    },
  ),
];

function documentTarget(
  name: string,
  share: number,
  seedsOf: (seeds: SignedSeeds) => readonly Buffer[] | Promise<readonly Buffer[]>,
  check: (input: Buffer) => void,
): FuzzTarget {
  return {
    name,
    share,
    async open() {
      const corpus = corpusOf(name);
      const seeds = [...corpus.values(), ...(await seedsOf(signedSeeds()))];
      return { corpus, inputs: fc.oneof(mutatedBytes(seeds), { weight: 3, arbitrary: mutatedJson(seeds) }), check };
    },
  };
}

const CODES: readonly ErrorCode[] = [...TEXT_CODES, 'INPUT_INVALID'];

function roundTrip<T>(input: Buffer, parse: (bytes: Buffer) => T, encode: (value: T) => Buffer): void {
  const outcome = attempt(CODES, () => parse(input));
  if ('accepted' in outcome) assert.ok(encode(outcome.accepted).equals(input), 'accepted in another text');
}
