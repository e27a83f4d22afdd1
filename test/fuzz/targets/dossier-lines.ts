import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readDossierLines } from '../../../src/dossier/index.js';
import { parseDossierLine } from '../../../src/dossier/dossier-line.js';
import type { ErrorCode } from '../../../src/errors.js';
import { createRandom } from '../../support/random.js';
import { corpusOf } from '../corpus.js';
import { dossierSeeds } from '../dossier-seeds.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { madeBy, mutatedBytes, mutatedJson, oneOf } from '../inputs.js';
import { mutateBytes } from '../mutate-bytes.js';
import { piecesOf } from '../pieces.js';
import { attempt, attemptAsync } from '../refusal.js';

const LINE_CODES: readonly ErrorCode[] = ['DOSSIER_INVALID', 'DOSSIER_FORMAT_UNKNOWN'];
const LIMITS = { maxLineLength: 40_000, maxTotalLength: 200_000, maxLines: 1000 };

/** Bytes to lines, and each line by itself; whether they make a dossier is for the target `dossier`. */
export const dossierLinesTarget: FuzzTarget = {
  name: 'dossier-lines',
  share: 60_000,
  open() {
    const corpus = corpusOf('dossier-lines');
    const files = dossierSeeds().files.map((lines) => Buffer.from(lines.join('')));
    const lines = dossierSeeds()
      .files.flat()
      .map((line) => Buffer.from(line));
    const short = lines.filter(({ length }) => length < 2000);
    const pasted = madeBy((random) =>
      mutateBytes(random, Buffer.concat(Array.from({ length: 1 + random(6) }, () => oneOf(random, short))), short),
    );
    const seeds = [...corpus.values(), ...short];
    const inputs = fc.oneof(
      { weight: 4, arbitrary: pasted },
      { weight: 4, arbitrary: mutatedJson(seeds) },
      { weight: 1, arbitrary: mutatedBytes(files) },
    );
    return { corpus, inputs, check };
  },
};

async function check(input: Buffer): Promise<void> {
  const whole = await linesOf([input]);
  const inPieces = await linesOf(piecesOf(input, createRandom(input.length)));
  assert.deepEqual(inPieces, whole, 'the lines depend on how the bytes arrive');
  if (whole === null) return;
  for (const [index, line] of whole.entries()) {
    const outcome = attempt(LINE_CODES, () => parseDossierLine(line, index + 1));
    if ('refused' in outcome) continue;
    assert.deepEqual(outcome.accepted, JSON.parse(line), 'not what JSON.parse reads');
    assert.deepEqual(parseDossierLine(JSON.stringify(outcome.accepted), 1), outcome.accepted, 'written, it is another');
  }
}

/** Null when they are refused; where in the stream that happens depends on the pieces. */
async function linesOf(pieces: readonly Buffer[]): Promise<readonly string[] | null> {
  const outcome = await attemptAsync(['DOSSIER_INVALID', 'JSON_TOO_LARGE'], async () => {
    const lines: string[] = [];
    for await (const line of readDossierLines(pieces, LIMITS)) lines.push(line);
    return lines;
  });
  return 'accepted' in outcome ? outcome.accepted : null;
}
