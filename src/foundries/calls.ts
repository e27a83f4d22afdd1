import { setTimeout as delay } from 'node:timers/promises';
import { CountersignError, isCountersignError } from '../errors.js';
import { operationOf, outcomeOf, type CallReport } from './call-report.js';
import { exchange, whereOf, type ExchangeOptions, type FactoryRequest, type TokenProvider } from './exchange.js';
import { refusalOf } from './refusal.js';
import { retryAfterMs, withRetry, type FailedAttempt, type RetryOptions } from './retry.js';

export interface FoundriesClientOptions {
  /** Name of the Factory as it stands in the API's paths. */
  readonly factory: string;
  /** Where the API is, e.g. `https://api.example`; a path in it is kept, trailing slashes are not. */
  readonly url: string;
  readonly token: TokenProvider;
  readonly userAgent: string;
  /** For one attempt, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Default 64 MiB. */
  readonly maxAnswerBytes?: number;
  readonly retry?: Partial<RetryOptions>;
  readonly fetch?: typeof fetch;
  /** Told of each attempt when it has ended. */
  readonly onCall?: (report: CallReport) => void;
}

/** The two kinds of calls: a GET may be repeated, a POST or PUT never is. */
export interface Calls {
  readonly url: string;
  /** @returns the body of a 200, with the call's name for later messages */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<{ body: Buffer; where: string }>;
  /** Like `get`, but null where the Factory answers 404. */
  find(path: string, query?: Readonly<Record<string, string>>): Promise<{ body: Buffer; where: string } | null>;
  /** Any of 200, 201, 202, 204 is success, as it is to fioctl. */
  post(path: string, body?: Uint8Array, secrets?: readonly string[]): Promise<{ body: Buffer; where: string }>;
  /** As `post`. `secrets` of the body are blanked out of what the Factory says. */
  put(path: string, body: Uint8Array, secrets?: readonly string[]): Promise<{ body: Buffer; where: string }>;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** @throws CONFIG_INVALID when the URL cannot be one */
export function createCalls(options: FoundriesClientOptions): Calls {
  const url = checkUrl(options.url);
  const settings: ExchangeOptions = {
    ...options,
    url,
    maxAnswerBytes: options.maxAnswerBytes ?? MAX_ANSWER_BYTES,
    fetch: options.fetch ?? globalThis.fetch,
  };
  const retry: RetryOptions = {
    attempts: 3,
    baseDelayMs: 250,
    maxDelayMs: 5_000,
    random: Math.random,
    wait: async (ms) => delay(ms),
    ...options.retry,
  };

  const attempt = async (request: FactoryRequest): Promise<{ value: Buffer } | FailedAttempt> => {
    const startedMs = performance.now();
    const tell = (result: number | { readonly error: unknown }): void => {
      const seconds = (performance.now() - startedMs) / 1000;
      const { factory } = options;
      options.onCall?.({ factory, operation: operationOf(request), outcome: outcomeOf(result), seconds });
    };
    try {
      const exchanged = await exchange(settings, request).catch((error: unknown) => {
        tell({ error });
        throw error;
      });
      const { answer, token, retryAfter } = exchanged;
      tell(answer.status);
      if (answer.status < 300) return { value: answer.body };
      const error = refusalOf(answer, whereOf(settings, request), [token, ...(request.secrets ?? [])]);
      return { error, retryAfterMs: retryAfterMs(retryAfter) };
    } catch (error) {
      return { error, retryAfterMs: null };
    }
  };

  const get: Calls['get'] = async (path, query) => {
    const request: FactoryRequest = { method: 'GET', path, ...(query === undefined ? {} : { query }) };
    return { body: await withRetry(retry, () => attempt(request)), where: whereOf(settings, request) };
  };

  const once = async (request: FactoryRequest): ReturnType<Calls['post']> => {
    const value = await withRetry({ ...retry, attempts: 1 }, () => attempt(request));
    return { body: value, where: whereOf(settings, request) };
  };

  return {
    url,
    get,
    find: async (path, query) => {
      try {
        return await get(path, query);
      } catch (error) {
        if (isCountersignError(error, 'FACTORY_NOT_FOUND')) return null;
        throw error;
      }
    },
    post: (path, body, secrets) =>
      once({
        method: 'POST',
        path,
        ...(body === undefined ? {} : { body }),
        ...(secrets === undefined ? {} : { secrets }),
      }),
    put: (path, body, secrets) => once({ method: 'PUT', path, body, ...(secrets === undefined ? {} : { secrets }) }),
  };
}

/** Secrets do not belong into URLs (they are logged), and a query would swallow the path behind it. */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new CountersignError('CONFIG_INVALID', "the Factory's URL must be http(s)://host[:port][/path]", {
      hint: 'No user name, password, query or fragment; the token has a file of its own.',
    });
  }
  return url.href.replace(/\/+$/, '');
}
