const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Whether `text` is a time as devices read `expires`: exactly 20 characters, whole seconds, UTC
 * (`2027-11-22T16:26:20Z`), and a day that is in the calendar.
 */
export function isWholeSecondTime(text: string): boolean {
  if (!FORM.test(text)) return false;
  const time = new Date(text);
  // V8 rolls February 30th over to March: only a time that prints as itself is one.
  return !Number.isNaN(time.getTime()) && time.toISOString() === `${text.slice(0, 19)}.000Z`;
}
