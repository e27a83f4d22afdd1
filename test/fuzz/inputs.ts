import fc from 'fast-check';
import type { JsonValue } from '../../src/tuf/index.js';
import { reference, writeLoosely } from '../support/json-texts.js';
import { createRandom, type Random } from '../support/random.js';
import { mutateBytes } from './mutate-bytes.js';
import { mutateJson } from './mutate-json.js';

/** Whatever `make` gives for random numbers. */
export function madeBy(make: (random: Random) => Buffer): fc.Arbitrary<Buffer> {
  return fc.integer().map((seed) => make(createRandom(seed)));
}

/** One of the seeds with a few bytes changed, or spliced with another. */
export function mutatedBytes(seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return madeBy((random) => mutateBytes(random, oneOf(random, seeds), seeds));
}

/** One of the seeds that are JSON, changed as a value: canonical again, or in some other of its texts. */
export function mutatedJson(seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const values = seeds.flatMap(valueOf);
  return madeBy((random) => {
    let value = oneOf(random, values);
    for (let edits = 1 + random(2); edits > 0; edits--) value = mutateJson(random, value);
    return Buffer.from(random(6) === 0 ? writeLoosely(value, random) : reference(value));
  });
}

/** What `inner` gives, and the same with a few bytes changed. */
export function alsoMutated(inner: fc.Arbitrary<Buffer>, seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const mutated = fc.tuple(inner, fc.integer()).map(([bytes, seed]) => mutateBytes(createRandom(seed), bytes, seeds));
  return fc.oneof(inner, mutated);
}

export function oneOf<T>(random: Random, items: readonly T[]): T {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('a target without seeds');
  return item;
}

function valueOf(seed: Buffer): JsonValue[] {
  try {
    return [JSON.parse(seed.toString('utf8')) as JsonValue];
  } catch {
    return []; // not every seed is JSON
  }
}
