import type { CliContext } from '../context.js';

/** Data for whoever called: to stdout. */
export function printData(context: CliContext, data: string | Uint8Array): void {
  context.stdout.write(data);
}

export function printJson(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Words for whoever watches: to stderr, so that they never stand between data. */
export function say(context: CliContext, text: string): void {
  context.stderr.write(`${text}\n`);
}

/**
 * Text of others (a reason, a name, an error of the Factory) made harmless for a terminal: escape sequences and
 * invisible or direction-changing characters stand as `\u{…}`, line breaks and tabs as blanks.
 */
export function plain(text: string): string {
  return text
    .replace(/[\r\n\t]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
