/**
 * The order of test files in the first run of a clone: those that take minutes are begun first, so that all workers end together. Jest
 * remembers how long each took, and goes by its size as long as it does not know, which says nothing of these.
 */
import { statSync } from 'node:fs';

/** The longest first. */
const LONGEST = ['kill/root-kill', 'fleet/fleet', 'kill/kill', 'e2e/', 'signer/faults/', 'fuzz/', 'signing/root-'];

export default class LongestFirst {
  sort(tests) {
    const rankOf = ({ path }) => {
      const rank = LONGEST.findIndex((part) => path.includes(`/test/${part}`));
      return rank < 0 ? LONGEST.length : rank;
    };
    const ordered = Array.from(tests, (test) => ({ test, rank: rankOf(test), size: statSync(test.path).size }));
    return ordered.sort((a, b) => a.rank - b.rank || b.size - a.size).map(({ test }) => test);
  }

  /** Nothing is remembered between runs. */
  cacheResults() {}
}
