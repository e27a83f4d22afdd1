import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.js';
import {
  canonicalize,
  checkThreshold,
  parseRoot,
  parseTargets,
  parseTargetsSigned,
  serializeMetadata,
  sha256Hex,
  verifyRootUpdate,
  verifyTargets,
  type RootMetadata,
} from '../../../src/tuf/index.js';
import { corpusOf, recordedJson } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { mutatedBytes, mutatedJson } from '../inputs.js';
import { attempt } from '../refusal.js';
import { signedSeeds } from '../signed-seeds.js';
import { CANONICAL_CODES } from './canonical.js';

const CODES: readonly ErrorCode[] = [...CANONICAL_CODES, 'METADATA_INVALID', 'KEY_INVALID'];
const TRUST_CODES: readonly ErrorCode[] = [
  ...(['SIGNATURE_DUPLICATE_KEYID', 'THRESHOLD_NOT_MET', 'VERSION_GAP', 'VERSION_ROLLBACK'] as const),
  ...(['METADATA_INVALID', 'METADATA_EXPIRED', 'KEY_INVALID', 'CANONICAL_UNSAFE', 'JSON_INVALID'] as const),
];

export const metadataTarget: FuzzTarget = {
  name: 'metadata',
  share: 150_000,
  open() {
    const { fixture } = signedSeeds();
    const corpus = corpusOf('metadata');
    const made = [...fixture.rootTexts.production, fixture.parts().ciTargets].map((text) => Buffer.from(text));
    const recorded = [...recordedJson('"signatures"').values()];
    const [root] = fixture.roots.production.slice(-2);
    if (root === undefined) throw new Error('the fixture has roots');
    const seeds = [...corpus.values(), ...made, ...recorded];
    const inputs = fc.oneof(mutatedBytes(seeds), { weight: 3, arbitrary: mutatedJson(seeds) });
    return { corpus, inputs, check: (input) => check(input, root) };
  },
};

function check(input: Buffer, trusted: RootMetadata): void {
  const root = attempt(CODES, () => parseRoot(input));
  const targets = attempt(CODES, () => parseTargets(input));
  attempt(CODES, () => parseTargetsSigned(input));
  assert.ok('refused' in root || 'refused' in targets, 'one document in two roles');
  for (const outcome of [root, targets]) {
    if ('refused' in outcome) continue;
    const { signedBytes, signed, sha256 } = outcome.accepted;
    assert.ok(serializeMetadata(outcome.accepted).equals(canonicalize(input)), 'written, it is another document');
    assert.deepEqual(JSON.parse(signedBytes.toString('latin1')), signed, 'other bytes than what was checked');
    assert.equal(sha256, sha256Hex(signedBytes));
    attempt(TRUST_CODES, () => checkThreshold(outcome.accepted, trusted.signed, 'targets'));
  }
  if ('accepted' in targets) attempt(TRUST_CODES, () => verifyTargets(trusted, targets.accepted));
  if ('accepted' in root) attempt(TRUST_CODES, () => verifyRootUpdate(trusted, root.accepted));
}
