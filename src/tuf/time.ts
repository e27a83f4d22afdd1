const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/**
 * The moment that a TUF time says, or undefined if it is none: exactly `YYYY-MM-DDTHH:MM:SSZ`, 20 characters, whole
 * seconds, a date that exists. Devices reject other forms of `expires`.
 */
export function parseTime(text: string): Date | undefined {
  if (!TIME.test(text)) return undefined;
  const time = new Date(text);
  // Date accepts February 30 and 24:00:00 as other moments, which then read differently
  return !Number.isNaN(time.getTime()) && formatTime(time) === text ? time : undefined;
}

/** `YYYY-MM-DDTHH:MM:SSZ`; fractions of a second are cut off. For years 0 to 9999. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
