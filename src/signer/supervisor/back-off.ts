const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/**
 * The pause before the next process, in milliseconds, after that many failures in a row: none after the first (a
 * crash happens), then 100 ms, doubled each time up to 5 s.
 */
export function backOffMs(failures: number): number {
  if (failures <= 1) return 0;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 2));
}
