import { STATUS_OF_CODE } from '../api/index.js';
import { errorToWire } from '../errors.js';
import type { GatewayAnswer } from './answer.js';

/** Longer texts help nobody at a terminal. */
const MAX_CHARS = 2000;

/**
 * An error in the one shape that fioctl prints whole: `= msg` and a line ` * ` for each of `errors`, which must all be
 * texts (one member of another type, and nothing at all is shown).
 */
export function factoryError(status: number, message: string, errors: readonly string[] = []): GatewayAnswer {
  return { status, body: { msg: printable(message), errors: errors.map(printable) } };
}

/** The answer for whatever was thrown; what is not an error of ours is INTERNAL without its text. */
export function toFactoryError(error: unknown): GatewayAnswer {
  const { code, message, pointer, hint, details } = errorToWire(error);
  const said = details?.['errors'];
  const status = code === 'FACTORY_UNAVAILABLE' && details?.['timedOut'] === true ? 504 : STATUS_OF_CODE[code];
  return factoryError(status, message, [
    ...(Array.isArray(said) ? said.map(String) : []),
    ...(hint === undefined ? [] : [hint]),
    `Code: ${code}${pointer === undefined || pointer === '' ? '' : ` at ${pointer}`}`,
  ]);
}

/** The text ends on a terminal: no control characters, and nothing that turns the direction of writing. */
function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, MAX_CHARS);
}
