import { InvalidArgumentError } from 'commander';
import { CountersignError } from '../errors.js';

/** A time as people and scripts write it (RFC 3339). @throws USAGE */
export function parseTime(text: string, name: string): Date {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/u.test(text) ? new Date(text) : undefined;
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  throw new CountersignError('USAGE', `${name}: ${text} is not a time such as 2027-01-31T12:00:00Z`);
}

/** For commander: a whole number from `from` on. */
export function wholeNumber(from: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
    if (value >= from) return value;
    throw new InvalidArgumentError(`It has to be a whole number from ${from} on.`);
  };
}

/** For commander: `40,41` or the option given again; numbers ascending, each once. */
export function versionList(text: string, before: readonly number[] = []): number[] {
  const versions = text.split(',').map((part) => wholeNumber(1)(part.trim()));
  return [...new Set([...before, ...versions])].sort((a, b) => a - b);
}

/** For commander: an option that may be given again. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
