import { CountersignError, type ErrorCode } from '../errors.js';
import type { FactoryRefusal } from './exchange.js';
import { factoryText } from './factory-text.js';

/** Statuses that a later, equal call may well not get: too early, too many, timed out on their side. */
const TRANSIENT = new Set([408, 425, 429]);

/**
 * The error that an answer with a status of 400 or more stands for, with the Factory's own text in the message and
 * its single reasons in `details.errors`.
 *
 * @param where how to name the call, e.g. `Factory acme: POST /ota/factories/acme/waves/`
 * @param secrets blanked out of the text, should the Factory have echoed them
 */
export function refusalOf(answer: FactoryRefusal, where: string, secrets: readonly string[]): CountersignError {
  const { message, errors } = factoryText(answer.body, secrets);
  const said = [message ?? 'no reason given', ...errors].join('; ');
  const hint = hintOf(answer.status);
  return new CountersignError(codeOf(answer.status), `${where}: ${answer.status} ${said}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { status: answer.status, ...(message === null ? {} : { factoryMessage: message }), errors },
  });
}

function codeOf(status: number): ErrorCode {
  if (status >= 500 || TRANSIENT.has(status)) return 'FACTORY_UNAVAILABLE';
  if (status === 401 || status === 403) return 'FACTORY_UNAUTHORIZED';
  if (status === 404) return 'FACTORY_NOT_FOUND';
  return 'FACTORY_REFUSED';
}

function hintOf(status: number): string | undefined {
  if (status === 401)
    return 'The API token is unknown to the Factory or has expired: make a new one and replace the token file.';
  if (status === 403) return 'The API token lacks the scope for this call: use one that may read and update targets.';
  return undefined;
}
