import { formatTable } from '../src/cli/terminal/table.js';

/** Times in milliseconds, of one thing that was done again and again. */
export type Times = readonly number[];

/** One line of a table: something measured, and what it is compared with in the same run. */
export interface Row {
  readonly name: string;
  readonly times: Times;
  /** Left out for a baseline itself. */
  readonly against?: Times;
}

export async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  times.push(performance.now() - start);
}

/** The same for work that awaits nothing. */
export function timedSync(times: number[], work: () => unknown): void {
  const start = performance.now();
  work();
  times.push(performance.now() - start);
}

/**
 * Ratios are of minima, medians and 99th percentiles. On a machine that does other things too the minimum says what the work takes, and
 * the others what this run saw.
 */
export function printTimes(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
  const ratio = (part: number, whole: number | undefined): string =>
    whole === undefined ? '' : `${(part / whole).toFixed(2)} ×`;
  console.log(
    formatTable(
      ['', 'samples', 'min ms', 'median ms', 'p99 ms', 'ratio min', 'ratio median', 'ratio p99'],
      rows.map(({ name, times, against }) => [
        name,
        String(times.length),
        ...[0, 0.5, 0.99].map((share) => ms(quantile(times, share))),
        ...[0, 0.5, 0.99].map((share) => ratio(quantile(times, share), against && quantile(against, share))),
      ]),
    ),
  );
}

/** The value that the given share of the times stays below or at. */
export function quantile(times: Times, share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
