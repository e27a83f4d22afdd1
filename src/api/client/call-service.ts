import type { z } from 'zod';
import { CountersignError } from '../../errors.js';
import { watchSilence, type Silence } from '../../silence.js';
import { MEDIA_TYPES } from '../wire.js';
import { errorOfAnswer } from './problem-error.js';

export interface ApiClientOptions {
  /** Of the service; may have a path. */
  readonly baseUrl: string;
  /** API token or session. */
  readonly bearer?: string;
  readonly fetch?: typeof fetch;
  /** A call is given up when nothing came for so long, besides what it asks to wait; 60 s if left out. */
  readonly timeoutMs?: number;
}

export interface ServiceCall {
  readonly method: 'GET' | 'POST';
  /** Already escaped, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
  readonly waitSeconds?: number;
  /** Whether thousands of documents may have to be gone through before the answer begins: five times as long, then. */
  readonly longWork?: boolean;
  /** Whether 503 with JSON is an answer (a report) and no error. */
  readonly acceptsNotReady?: boolean;
}

export type CallService = (call: ServiceCall) => Promise<Response>;

const DEFAULT_TIMEOUT_MS = 60_000;
/** Five minutes are also as long as `fetch` waits for an answer. */
const LONG_WORK = 5;
const WORD = /^[\x21-\x7e]+$/;

/**
 * One call over fetch. Redirects are not followed: nothing here redirects, and the bearer token must not
 * wander to another address.
 *
 * @throws INPUT_INVALID for a bearer token that cannot stand in a header; (the call) the service's own errors; SERVICE_UNAVAILABLE without an answer; SERVICE_ANSWER_INVALID
 */
export function createCallService(options: ApiClientOptions): CallService {
  const base = options.baseUrl.replace(/\/+$/, '');
  const send = options.fetch ?? fetch;
  if (options.bearer !== undefined) requireWord(options.bearer, 'the bearer token');
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return async (call) => {
    const { method, path, headers = {}, body, waitSeconds = 0, longWork = false, acceptsNotReady = false } = call;
    const silenceMs = timeoutMs * (longWork ? LONG_WORK : 1) + waitSeconds * 1000;
    const silence = watchSilence(silenceMs, () => new Error(`nothing came for ${silenceMs} ms`));
    let answer: Response;
    try {
      const sent = await sendAgain(method, () =>
        send(`${base}${path}`, {
          method,
          redirect: 'manual',
          signal: silence.signal,
          headers: {
            ...headers,
            ...(options.bearer === undefined ? {} : { Authorization: `Bearer ${options.bearer}` }),
            ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...(waitSeconds === 0 ? {} : { Prefer: `wait=${waitSeconds}` }),
          },
          ...(body === undefined ? {} : { body }),
        }),
      );
      answer = watched(sent, silence);
    } catch (cause) {
      silence.end();
      throw new CountersignError('SERVICE_UNAVAILABLE', `the service at ${base} does not answer`, {
        hint: 'Check the address and whether `countersign serve` runs there.',
        cause,
      });
    }
    if (answer.ok || (acceptsNotReady && isReport(answer))) return answer;
    throw await errorOfAnswer(answer);
  };
}

/** The same answer, each piece of which breaks the silence. */
function watched(answer: Response, { heard, end }: Silence): Response {
  if (answer.body === null) {
    end();
    return answer;
  }
  heard();
  const reader: ReadableStreamDefaultReader<Uint8Array> = answer.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await reader.read();
      if (next.done) {
        end();
        controller.close();
        return;
      }
      heard();
      controller.enqueue(next.value);
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  });
  return new Response(body, answer);
}

/** Said here, because fetch would quote the whole header in its error. @throws INPUT_INVALID */
export function requireWord(secret: string, what: string): void {
  if (!WORD.test(secret)) throw new CountersignError('INPUT_INVALID', `${what} is not one word of printable ASCII`);
}

/**
 * Once more, where that changes nothing: a connection that was kept open for the next call may be closed by the service, or by what stands
 * before it, at the very moment of that call.
 */
async function sendAgain(method: ServiceCall['method'], send: () => Promise<Response>): Promise<Response> {
  try {
    return await send();
  } catch (error) {
    if (method !== 'GET' || !wasClosed(error)) throw error;
    return await send();
  }
}

function wasClosed(error: unknown): boolean {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : null;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null;
  return code === 'ECONNRESET' || code === 'UND_ERR_SOCKET';
}

function isReport(answer: Response): boolean {
  return answer.status === 503 && answer.headers.get('content-type')?.startsWith(MEDIA_TYPES.json) === true;
}

/** The answer's JSON, as the schema has it. @throws SERVICE_ANSWER_INVALID */
export async function readJson<S extends z.ZodType>(answer: Response, schema: S): Promise<z.output<S>> {
  const text = await readText(answer);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CountersignError('SERVICE_ANSWER_INVALID', 'the service answered something that is not JSON', { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CountersignError(
    'SERVICE_ANSWER_INVALID',
    'the service answered something else than this program expects',
    {
      pointer: (parsed.error.issues[0]?.path ?? []).map((step) => `/${String(step)}`).join(''),
      hint: 'Use a program of the same version as the service.',
      cause: parsed.error,
    },
  );
}

/** @throws SERVICE_UNAVAILABLE when the answer breaks off */
export async function readText(answer: Response): Promise<string> {
  try {
    return await answer.text();
  } catch (cause) {
    throw brokenOff(cause);
  }
}

/**
 * The answer's lines as they come, each with its line break.
 *
 * @throws SERVICE_UNAVAILABLE when the answer breaks off
 */
export async function* readLines(answer: Response): AsyncIterable<string> {
  if (answer.body === null) return;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const reader = answer.body.getReader();
  let pieces: string[] = [];
  try {
    for (;;) {
      const piece: { readonly done: boolean; readonly value?: Uint8Array | undefined } = await reader.read();
      let text = decoder.decode(piece.value, { stream: !piece.done });
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
        yield pieces.join('') + text.slice(0, end + 1);
        pieces = [];
        text = text.slice(end + 1);
      }
      if (text !== '') pieces.push(text);
      if (piece.done) break;
    }
  } catch (cause) {
    throw brokenOff(cause);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (pieces.length > 0) yield pieces.join('');
}

function brokenOff(cause: unknown): CountersignError {
  return new CountersignError('SERVICE_UNAVAILABLE', 'the answer of the service broke off', {
    hint: 'Try again.',
    cause,
  });
}
