import { request } from 'node:http';

export interface FioctlSettings {
  /** `server.url` of its configuration. */
  readonly url: string;
  readonly factory: string;
  /** The person's own Factory token. */
  readonly token: string;
  /** `extraheaders` of its configuration. */
  readonly extraHeaders?: Readonly<Record<string, string>>;
}

/** What fioctl prints when it is refused, before it exits with 1. */
export class FioctlError extends Error {
  override readonly name: string = 'FioctlError';
  readonly status: number;

  constructor(status: number, lines: readonly string[]) {
    super(lines.join('\n'));
    this.status = status;
  }
}

/** One call that was made. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** As it was sent; empty if there was none. */
  readonly body: string;
  readonly status: number;
}

export interface FioctlConnection {
  /** Calls in their order. */
  readonly exchanges: readonly Exchange[];
  /**
   * @param path with its query, unescaped
   * @param allow404 answers null then, as fioctl goes on
   * @returns the parsed body; null when it is empty
   * @throws FioctlError
   */
  call(method: string, path: string, body?: unknown, allow404?: boolean): Promise<unknown>;
}

/** Speaks HTTP as fioctl does: its headers and no others, compact JSON in the order given, no escaping, no retry. */
export function connectFioctl({ url, token, extraHeaders = {} }: FioctlSettings): FioctlConnection {
  const exchanges: Exchange[] = [];
  return {
    exchanges,
    call: async (method, path, body, allow404 = false) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const answer = await send(`${url}${path}`, method, text, {
        'User-Agent': 'fioctl-0.44',
        ...extraHeaders,
        'Osf-Token': token,
        ...(text === '' ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(text)) }),
      });
      exchanges.push({ method, path, body: text, status: answer.status });
      if (answer.status >= 200 && answer.status < 300) return parseJson(answer.text);
      if (allow404 && answer.status === 404) return null;
      throw new FioctlError(answer.status, printed(`${method} '${url}${path}': ${answer.status}`, answer.text));
    },
  };
}

/** One HTTP call with these headers and no others but those of the connection. */
export function send(
  url: string,
  method: string,
  text: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

function parseJson(text: string): unknown {
  return text === '' ? null : JSON.parse(text);
}

/** The lines that an answer of 400 and more makes: `msg` wins over `message`; one member of `errors` that is no text, and all of it is lost. */
export function printed(where: string, text: string): string[] {
  const first = `ERROR: HTTP error during ${where}`;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return [first];
  }
  if (typeof body !== 'object' || body === null) return [first];
  const { msg, message, errors = [] } = body as { msg?: unknown; message?: unknown; errors?: unknown };
  const said = msg ?? message;
  const isPrintable = Array.isArray(errors) && errors.every((error) => typeof error === 'string');
  if (typeof said !== 'string' || !isPrintable) return [first];
  return [first, `= ${said}`, ...errors.map((error) => ` * ${error}`)];
}
