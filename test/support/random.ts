/** A whole number from 0 up to, and without, `bound`. */
export type Random = (bound: number) => number;

/** Always the same numbers for the same seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
