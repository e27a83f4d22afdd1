import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { FuzzTarget, OpenTarget } from './fuzz-target.js';
import { Watchdog } from './watchdog.js';

export interface FuzzRun {
  readonly seed: number;
  /** How many random inputs, after those of the corpus. */
  readonly runs: number;
  /** Called now and then with the number of inputs so far. */
  readonly onProgress?: (done: number) => void;
}

const SMALLEST_BATCH = 200;
const LARGEST_BATCH = 10_000;
/** What may be in use after many inputs, beyond what was in use after the first ones. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

/**
 * Tries the corpus and then random inputs, the same for the same seed.
 *
 * @throws Error for the first input that does not hold; its bytes are kept in a file that the message names
 */
export async function runTarget(target: FuzzTarget, run: FuzzRun): Promise<void> {
  const opened = await target.open();
  const watchdog = new Watchdog(target.name);
  try {
    for (const [name, input] of opened.corpus) await tryOne(target, opened, watchdog, input, name);
    await tryRandom(target, opened, watchdog, run);
    watchdog.rest();
  } finally {
    await watchdog.close();
    await opened.close?.();
  }
}

async function tryOne(
  target: FuzzTarget,
  { check }: OpenTarget,
  watchdog: Watchdog,
  input: Buffer,
  name: string,
): Promise<void> {
  watchdog.watch(input);
  try {
    await check(input);
  } catch (cause) {
    throw new Error(`${target.name} fails with ${name} of its corpus: ${wordsOf(cause)}`, { cause });
  }
}

async function tryRandom(
  target: FuzzTarget,
  { inputs, check }: OpenTarget,
  watchdog: Watchdog,
  { seed, runs, onProgress }: FuzzRun,
): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    watchdog.watch(input);
    await check(input);
  });
  const batch = Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, Math.ceil(runs / 3)));
  let first: number | null = null;
  for (let done = 0; done < runs; done += batch) {
    const numRuns = Math.min(batch, runs - done);
    const outcome = await fc.check(property, { seed: (seed + done) | 0, numRuns });
    if (outcome.failed) throw failureOf(target, outcome);
    onProgress?.(done + numRuns);
    watchdog.rest();
    if (runs <= batch) return; // too few to leave something behind
    const used = bytesInUse();
    first ??= used;
    if (used - first > MAX_GROWTH_BYTES) {
      throw new Error(`${target.name}: ${done + numRuns} inputs left ${used - first} bytes behind (seed ${seed})`);
    }
  }
}

function failureOf(target: FuzzTarget, { counterexample, seed, errorInstance }: fc.RunDetails<[Buffer]>): Error {
  const input = counterexample?.[0] ?? Buffer.alloc(0);
  const file = join(mkdtempSync(join(tmpdir(), 'countersign-fuzz-')), target.name.replaceAll('/', '-'));
  writeFileSync(file, input);
  return new Error(
    `${target.name} fails with the input in ${file} (batch seed ${seed}): ${wordsOf(errorInstance)}\n` +
      `Once it is mended, keep the input as test/fuzz/corpus/${target.name}/found-WHAT, where it is tried in every run.`,
    { cause: errorInstance },
  );
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${wordsOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
