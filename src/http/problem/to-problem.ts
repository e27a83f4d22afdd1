import { PROBLEM_TYPE_PREFIX, STATUS_OF_CODE, type Problem } from '../../api/index.js';
import { CountersignError, errorToWire, isCountersignError, type ErrorCode } from '../../errors.js';

const MAX_DETAIL_CHARS = 2000;

/** The answer for an error of ours; anything else is INTERNAL without its text. Never a stack, never a cause. */
export function toProblem(error: unknown, requestId: string): Problem {
  const { code, message, ...rest } = errorToWire(error);
  const { details, pointer, hint } = rest;
  const status = STATUS_OF_CODE[code];
  return {
    type: PROBLEM_TYPE_PREFIX + code,
    title: titleOf(code),
    status,
    detail: message.slice(0, MAX_DETAIL_CHARS),
    code,
    // what is not the caller's fault points into documents that the caller has not sent
    ...(pointer === undefined || status >= 500 ? {} : { pointer }),
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details: mutableDetails(details) }),
    instance: requestId,
  };
}

/**
 * Gives errors of Express, its body reader and its router one of our codes, by the status that they carry:
 * they throw for what a caller sent. Whatever has no such status stays as it is and becomes INTERNAL.
 */
export function fromForeignError(error: unknown): unknown {
  if (isCountersignError(error) || !(error instanceof Error) || !('status' in error)) return error;
  switch (error.status) {
    case 413:
      return new CountersignError('BODY_TOO_LARGE', 'the body is larger than the service accepts', { cause: error });
    case 415:
      return new CountersignError('MEDIA_TYPE', 'the body must be sent as it is, without a Content-Encoding', {
        cause: error,
      });
    case 400:
      return new CountersignError('INPUT_INVALID', foreignMessage(error), { cause: error });
    default:
      return error;
  }
}

function foreignMessage(error: Error): string {
  return error instanceof URIError
    ? 'the path holds a % that does not begin a UTF-8 character'
    : 'the request could not be read: its length or encoding is wrong';
}

/** `WAVE_VERSION_UNKNOWN` reads `Wave version unknown`. */
function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function mutableDetails(details: NonNullable<CountersignError['details']>): NonNullable<Problem['details']> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}
