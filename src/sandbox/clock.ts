import { formatTime, parseTime } from '../tuf/index.js';

/** Where the sandbox has the time from; tests hand in their own. */
export interface Clock {
  now(): Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** `YYYY-MM-DDTHH:MM:SSZ`, the one form of `expires` that devices accept, `days` days after `now`. */
export function timeAfter(now: Date, days = 0): string {
  return formatTime(new Date(now.getTime() + days * DAY_MS));
}

/** Whether fewer than `days` days are left until `time`; also when it has passed or is no time at all. */
export function isWithin(time: string, now: Date, days: number): boolean {
  const moment = parseTime(time);
  return moment === undefined || moment.getTime() <= now.getTime() + days * DAY_MS;
}
