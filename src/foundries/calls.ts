import { setTimeout as delay } from 'node:timers/promises';
import { CountersignError, isCountersignError } from '../errors.js';
import { operationOf, outcomeOf, type CallReport } from './call-report.js';
import {
  exchange,
  whereOf,
  type AnswerReader,
  type ExchangeOptions,
  type FactoryRequest,
  type TokenProvider,
} from './exchange.js';
import { readWhole } from './read-body.js';
import { refusalOf } from './refusal.js';
import { readDocuments } from './read-documents.js';
import { retryAfterMs, withRetry, type FailedAttempt, type RetryOptions } from './retry.js';

export interface FoundriesClientOptions {
  /** Name of the Factory as it stands in the API's paths. */
  readonly factory: string;
  /** Where the API is, e.g. `https://api.example`; a path in it is kept, trailing slashes are not. */
  readonly url: string;
  readonly token: TokenProvider;
  readonly userAgent: string;
  /** An attempt is given up when nothing has been sent or received for so long; as long as it moves it may take its time. */
  readonly timeoutMs: number;
  /** Of one answer; of a list of documents, of one of these. Default 64 MiB. */
  readonly maxAnswerBytes?: number;
  /** Of a list of documents. Default 512 MiB, as much as a dossier can hold. */
  readonly maxListBytes?: number;
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
  /** The canonical documents of an answer `{name: document, ...}`, each read as it arrives; none where the Factory answers 404. */
  list(path: string, query: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Buffer>>;
  /** Any of 200, 201, 202, 204 is success, as it is to fioctl. */
  post(path: string, body?: Uint8Array, secrets?: readonly string[]): Promise<{ body: Buffer; where: string }>;
  /** As `post`. `secrets` of the body are blanked out of what the Factory says. */
  put(path: string, body: Uint8Array, secrets?: readonly string[]): Promise<{ body: Buffer; where: string }>;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_LIST_BYTES = 512 * 1024 * 1024;

/** @throws CONFIG_INVALID when the URL cannot be one */
export function createCalls(options: FoundriesClientOptions): Calls {
  const url = checkUrl(options.url);
  const { maxAnswerBytes = MAX_ANSWER_BYTES, maxListBytes = MAX_LIST_BYTES } = options;
  const settings: ExchangeOptions = {
    ...options,
    url,
    maxAnswerBytes,
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

  const attempt = async <T>(
    request: FactoryRequest,
    reader: AnswerReader<T>,
  ): Promise<{ value: T } | FailedAttempt> => {
    const startedMs = performance.now();
    const tell = (result: number | { readonly error: unknown }): void => {
      const seconds = (performance.now() - startedMs) / 1000;
      const { factory } = options;
      options.onCall?.({ factory, operation: operationOf(request), outcome: outcomeOf(result), seconds });
    };
    try {
      const exchanged = await exchange(settings, request, reader).catch((error: unknown) => {
        tell({ error });
        throw error;
      });
      const { answer, token, retryAfter } = exchanged;
      tell(answer.status);
      if ('value' in answer) return { value: answer.value };
      const error = refusalOf(answer, whereOf(settings, request), [token, ...(request.secrets ?? [])]);
      return { error, retryAfterMs: retryAfterMs(retryAfter) };
    } catch (error) {
      return { error, retryAfterMs: null };
    }
  };

  const whole = { read: readWhole, maxBytes: maxAnswerBytes };
  const documents = {
    read: (body: AsyncIterable<Uint8Array>, where: string) => readDocuments(body, where, maxAnswerBytes),
    maxBytes: maxListBytes,
  };
  const getAs = async <T>(reader: AnswerReader<T>, path: string, query?: Readonly<Record<string, string>>) => {
    const request: FactoryRequest = { method: 'GET', path, ...(query === undefined ? {} : { query }) };
    return { body: await withRetry(retry, () => attempt(request, reader)), where: whereOf(settings, request) };
  };
  const once = async (request: FactoryRequest): ReturnType<Calls['post']> => {
    const value = await withRetry({ ...retry, attempts: 1 }, () => attempt(request, whole));
    return { body: value, where: whereOf(settings, request) };
  };

  return {
    url,
    get: (path, query) => getAs(whole, path, query),
    find: (path, query) => orNull(getAs(whole, path, query)),
    list: async (path, query) => (await orNull(getAs(documents, path, query)))?.body ?? new Map<string, Buffer>(),
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

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isCountersignError(error, 'FACTORY_NOT_FOUND')) return null;
    throw error;
  }
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
