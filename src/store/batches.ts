/** So many rows go into one statement: far from what a database binds at most, and one way to it instead of many. */
const ROWS = 100;

export function* batchesOf<T>(rows: readonly T[]): Generator<T[]> {
  for (let start = 0; start < rows.length; start += ROWS) yield rows.slice(start, start + ROWS);
}
