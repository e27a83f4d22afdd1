import { CountersignError } from '../errors.js';
import { watchSilence } from '../silence.js';
import { redactSecrets } from './factory-text.js';
import { bodyOf, readWhole } from './read-body.js';
import { sentBody } from './sent-body.js';

/** Gives the API token when a call is made, so that it can be rotated and is held nowhere else. */
export type TokenProvider = () => string | Promise<string>;

export interface ExchangeOptions {
  readonly factory: string;
  /** Without a trailing slash; the paths of the API are put behind it. */
  readonly url: string;
  readonly token: TokenProvider;
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly fetch: typeof fetch;
}

/** Makes something of the body of an answer, as it arrives; throws CountersignError for one that it cannot be made of. */
export interface AnswerReader<T> {
  readonly read: (body: AsyncIterable<Uint8Array>, where: string) => Promise<T>;
  readonly maxBytes: number;
}

export interface FactoryRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** From `/ota` on, every name in it escaped already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON; a POST without it is sent with `Content-Length: 0`, as fioctl does. */
  readonly body?: Uint8Array;
  /** What stands in the body and is to be in no message. */
  readonly secrets?: readonly string[];
}

/** An answer with a status of 400 or more. */
export interface FactoryRefusal {
  readonly status: number;
  readonly body: Buffer;
}

export type FactoryAnswer<T> = { readonly status: number; readonly value: T } | FactoryRefusal;

/** What may stand in a header without being folded or cut: a token with anything else is a damaged file. */
const TOKEN_PATTERN = /^[\x21-\x7e]{1,4096}$/;

/**
 * One exchange with the Factory, without retry. Redirects are never followed: across hosts the token header would
 * travel along, and 301 to 303 turn a POST into a GET whose success would be believed.
 *
 * @param reader for a status of 200 to 299
 * @throws CONFIG_INVALID (the token cannot be sent), FACTORY_UNAVAILABLE (no or no whole answer, or silence for too long),
 *   FACTORY_ANSWER_INVALID (a redirect, or more than allowed), what `reader` throws
 */
export async function exchange<T>(
  options: ExchangeOptions,
  request: FactoryRequest,
  reader: AnswerReader<T>,
): Promise<{ answer: FactoryAnswer<T>; token: string; retryAfter: string | null }> {
  const token = await options.token();
  if (!TOKEN_PATTERN.test(token)) {
    throw new CountersignError('CONFIG_INVALID', `the API token for Factory ${options.factory} cannot be sent`, {
      hint: 'The token file must hold the token alone: printable characters without blanks.',
    });
  }
  const where = whereOf(options, request);
  const { signal, heard, end } = watchSilence(options.timeoutMs, () => new Error('silence'));
  try {
    const { headers, ...body } = sentBody(request.body, heard);
    const response = await options.fetch(addressOf(options.url, request), {
      method: request.method,
      redirect: 'manual',
      signal,
      headers: { 'user-agent': options.userAgent, 'osf-token': token, ...headers },
      ...body,
    });
    heard();
    const { status } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw new CountersignError('FACTORY_ANSWER_INVALID', `${where} was redirected, which is not followed`, {
        hint: "Set the Factory's URL to the address that serves the API itself.",
        details: { status },
      });
    }
    const read = (maxBytes: number) => bodyOf(response, { maxBytes, where }, heard);
    const answer =
      status < 300
        ? { status, value: await reader.read(read(reader.maxBytes), where) }
        : { status, body: await readWhole(read(options.maxAnswerBytes)) };
    return { answer, token, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw unavailable(
      options,
      request,
      signal.aborted,
      redactSecrets(reasonOf(error), [token, ...(request.secrets ?? [])]),
    );
  } finally {
    end();
  }
}

/** How a message names a call: method and path, without the host and without the query. */
export function whereOf(options: { factory: string }, request: FactoryRequest): string {
  return `Factory ${options.factory}: ${request.method} ${request.path}`;
}

function addressOf(url: string, request: FactoryRequest): string {
  const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query).toString()}`;
  return `${url}${request.path}${query}`;
}

function unavailable(
  options: ExchangeOptions,
  request: FactoryRequest,
  timedOut: boolean,
  reason: string,
): CountersignError {
  const what = timedOut ? `nothing moved for ${options.timeoutMs} ms` : `no whole answer (${reason})`;
  return new CountersignError('FACTORY_UNAVAILABLE', `${whereOf(options, request)}: ${what}`, {
    hint:
      request.method !== 'GET'
        ? 'The Factory may have done it all the same: look at what it holds before asking again.'
        : 'Check the URL, the network and the state of the Factory.',
    details: { timedOut },
  });
}

/** fetch hides what happened in `cause`; its code (`ECONNREFUSED`) says most. The texts around it may quote headers. */
function reasonOf(error: unknown): string {
  for (let current = error, depth = 0; isObject(current) && depth < 4; current = current.cause, depth += 1) {
    if (typeof current.code === 'string' && /^[A-Z_0-9]{1,40}$/.test(current.code)) return current.code;
  }
  return 'connection failed';
}

function isObject(value: unknown): value is { code?: unknown; cause?: unknown } {
  return typeof value === 'object' && value !== null;
}
